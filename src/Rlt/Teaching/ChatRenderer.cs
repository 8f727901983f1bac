using System.Text.Json.Nodes;
using Rlt.Text.Chat;

namespace Rlt.Teaching;

/// <summary>A conversation's text as a model's template writes it, cut where the assistant begins to speak and where it has spoken.</summary>
/// <remarks>
/// The assistant's words are put in literally rather than through the template, because templates of reasoning models
/// drop or rewrite thought sections of past turns.
/// </remarks>
public sealed class ChatRenderer
{
    private readonly ChatTemplate _template;
    private readonly JsonObject? _templateArgs;

    /// <summary>A renderer over a model's template.</summary>
    /// <param name="template">The template.</param>
    /// <param name="templateArgs">Further variables of the template, such as enable_thinking; null for none.</param>
    public ChatRenderer(ChatTemplate template, JsonObject? templateArgs = null)
    {
        (_template, _templateArgs) = (template, templateArgs);
        TurnEnd = template.TurnEnd(templateArgs)
            ?? throw new CheckpointException("the chat template does not write the assistant's words; a template that does is needed for teaching");
    }

    /// <summary>What the template writes after the assistant's words, its end-of-turn token included.</summary>
    public string TurnEnd { get; }

    /// <summary>The text up to where the assistant's words begin.</summary>
    /// <param name="system">The system prompt; empty for none.</param>
    /// <param name="question">The user's turn.</param>
    public string Prompt(string system, string question) =>
        _template.Render(Messages(system, question), addGenerationPrompt: true, templateArgs: _templateArgs);

    /// <summary>What the prompt has from the tag on by which the template opens the thought that the response goes on with; empty where it does not.</summary>
    /// <param name="system">The system prompt; empty for none.</param>
    /// <param name="question">The user's turn, in which tags are words.</param>
    public string OpenedThought(string system, string question)
    {
        string prompt = Prompt(system, question);
        string turns = _template.Render(Messages(system, question), addGenerationPrompt: false, templateArgs: _templateArgs);
        return prompt.StartsWith(turns, StringComparison.Ordinal) ? ThoughtTags.LeftOpen(prompt[turns.Length..]) : ThoughtTags.LeftOpenAtEnd(prompt);
    }

    private static JsonArray Messages(string system, string question)
    {
        var messages = new JsonArray(new ChatMessage("user", question).ToJson());
        if (system.Length > 0)
        {
            messages.Insert(0, new ChatMessage("system", system).ToJson());
        }

        return messages;
    }
}
