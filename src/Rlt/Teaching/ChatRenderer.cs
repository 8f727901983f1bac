using Rlt.Text.Chat;

namespace Rlt.Teaching;

/// <summary>A conversation's text as a model's template writes it, cut where the assistant begins to speak and where it has spoken.</summary>
/// <remarks>
/// The assistant's words are put in literally rather than through the template, because templates of reasoning models
/// drop or rewrite thought sections of past turns.
/// </remarks>
public sealed class ChatRenderer
{
    // Stands for the assistant's words while the template's closing is found.
    private const string Marker = "ASSISTANT-WORDS";
    private readonly ChatTemplate _template;

    /// <summary>A renderer over a model's template.</summary>
    public ChatRenderer(ChatTemplate template)
    {
        _template = template;
        string closed = _template.Render([new ChatMessage("user", "question"), new ChatMessage("assistant", Marker)], addGenerationPrompt: false);
        int at = closed.LastIndexOf(Marker, StringComparison.Ordinal);
        if (at < 0)
        {
            throw new CheckpointException("the chat template does not write the assistant's words; a template that does is needed for teaching");
        }

        TurnEnd = closed[(at + Marker.Length)..];
    }

    /// <summary>What the template writes after the assistant's words, its end-of-turn token included.</summary>
    public string TurnEnd { get; }

    /// <summary>The text up to where the assistant's words begin.</summary>
    /// <param name="system">The system prompt; empty for none.</param>
    /// <param name="question">The user's turn.</param>
    public string Prompt(string system, string question)
    {
        List<ChatMessage> messages = [new ChatMessage("user", question)];
        if (system.Length > 0)
        {
            messages.Insert(0, new ChatMessage("system", system));
        }

        return _template.Render(messages, addGenerationPrompt: true);
    }
}
