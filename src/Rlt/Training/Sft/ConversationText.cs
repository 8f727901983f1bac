using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Text.Chat;

namespace Rlt.Training.Sft;

/// <summary>A row's conversation as the chat template writes it, with what the template left out noticed.</summary>
/// <param name="Text">The whole conversation.</param>
/// <param name="From">Where the last turn, which is learned, begins.</param>
/// <param name="LacksThought">Whether the template left out the thought of the last turn.</param>
internal sealed record ConversationText(string Text, int From, bool LacksThought)
{
    private const int ShownCharacters = 40;

    /// <summary>Renders a row's <c>messages</c>, with its <c>tools</c> and <c>template_args</c> (or <c>chat_template_kwargs</c>) where it has them.</summary>
    /// <exception cref="DataException">The template fails, leaves out what a turn says, or rewrites the turns before the last one.</exception>
    public static ConversationText Of(JsonRow row, ChatTemplate template)
    {
        JsonObject[] turns = Turns(row);
        if (turns.Any(turn => turn["content"] is JsonArray) && !WritesParts(row, template, turns))
        {
            turns = [.. turns.Select(TurnContent.Joined)];
        }

        string whole = Render(row, template, turns, addGenerationPrompt: false);
        if (LeftOut(turns, whole) is var (number, said))
        {
            throw row.Problem($"the chat template leaves out what turn {number} says ('{Shown(said)}'), so it would not be learned; "
                + "expected a template that writes every turn. Leave the row out, or use a model with another template.");
        }

        string prompt = Render(row, template, turns[..^1], addGenerationPrompt: true);
        string thought = ThoughtOf(turns[^1]);
        bool lacksThought = thought.Length > 0 && !Squeezed(whole[SharedLength(whole, prompt)..]).Contains(thought, StringComparison.Ordinal);
        if (whole.StartsWith(prompt, StringComparison.Ordinal))
        {
            return new ConversationText(whole, prompt.Length, lacksThought);
        }

        throw row.Problem(lacksThought
            ? "the chat template opens the thought of a turn to come and leaves it out of one that is there, so it would not be learned; "
                + "expected a template that keeps the last turn's thought. Use such a template, or a format (target: student)."
            : "the chat template rewrites the turns before the last one, so what to learn cannot be told; expected a template that does not.");
    }

    private static JsonObject[] Turns(JsonRow row)
    {
        var messages = (JsonArray)row.Fields["messages"]!;
        var turns = new JsonObject[messages.Count];
        for (int i = 0; i < turns.Length; i++)
        {
            turns[i] = messages[i] as JsonObject ?? throw row.Problem($"turn {i + 1} of 'messages' is no object; expected {{\"role\", \"content\"}}.");
            if (TurnContent.OtherKind(turns[i]["content"]) is { } kind)
            {
                throw row.Problem($"turn {i + 1} of 'messages' has a part of type '{kind}'; expected texts alone. Leave the row out.");
            }
        }

        return !Said(turns[^1]).Any() && ThoughtOf(turns[^1]).Length == 0
            ? throw row.Problem("the last turn of 'messages' says nothing; expected what is to be learned. Leave the row out.")
            : turns;
    }

    // Templates that know texts only fail at parts, or write nothing.
    private static bool WritesParts(JsonRow row, ChatTemplate template, JsonObject[] turns)
    {
        try
        {
            return LeftOut(turns, Render(row, template, turns, addGenerationPrompt: false)) is null;
        }
        catch (DataException)
        {
            return false;
        }
    }

    private static string Render(JsonRow row, ChatTemplate template, JsonObject[] turns, bool addGenerationPrompt)
    {
        try
        {
            return template.Render(
                new JsonArray([.. turns.Select(turn => turn.DeepClone())]), addGenerationPrompt, row.Fields["tools"] as JsonArray,
                (row.Fields["template_args"] ?? row.Fields["chat_template_kwargs"]) as JsonObject);
        }
        catch (DataException error)
        {
            throw row.Problem(error.Message);
        }
    }

    // Texts are looked for in their order, as a short answer may stand in the question too. A system prompt may be moved.
    private static (int Number, string Said)? LeftOut(JsonObject[] turns, string whole)
    {
        string rest = Squeezed(whole);
        int from = 0;
        for (int i = 0; i < turns.Length; i++)
        {
            bool ordered = Role(turns[i]) is not ("system" or "developer");
            foreach (string said in Said(turns[i]))
            {
                int at = Find(rest, Squeezed(said), ordered ? from : 0, out int length);
                if (at < 0)
                {
                    return (i + 1, said);
                }

                from = ordered ? at + length : from;
            }
        }

        return null;
    }

    // A template may write what a tool says as a JSON text.
    private static int Find(string text, string said, int from, out int length)
    {
        length = said.Length;
        int at = text.IndexOf(said, from, StringComparison.Ordinal);
        if (at >= 0)
        {
            return at;
        }

        string escaped = Squeezed(JsonValue.Create(said).ToJsonString(JsonLines.Format)[1..^1]);
        length = escaped.Length;
        return text.IndexOf(escaped, from, StringComparison.Ordinal);
    }

    // What a rendered turn must hold: its texts, the assistant's without the thought, which templates drop from earlier turns; and the tools that it calls.
    private static IEnumerable<string> Said(JsonObject turn)
    {
        IEnumerable<string> texts = TurnContent.Texts(turn["content"]);
        return (Role(turn) == "assistant" ? texts.Select(ThoughtTags.Answering) : texts)
            .Concat((turn["tool_calls"] as JsonArray ?? []).Select(call => ((call as JsonObject)?["function"] as JsonObject)?["name"]?.ToString() ?? ""))
            .Where(text => !string.IsNullOrWhiteSpace(text));
    }

    private static string ThoughtOf(JsonObject turn) =>
        Squeezed(TurnContent.Thought(turn) ?? string.Concat(TurnContent.Texts(turn["content"]).Select(ThoughtTags.Thought)));

    private static string? Role(JsonObject turn) => TurnContent.Text(turn["role"]);

    private static string Squeezed(string text) => string.Concat(text.Where(letter => !char.IsWhiteSpace(letter)));

    private static int SharedLength(string one, string other) => one.AsSpan().CommonPrefixLength(other);

    private static string Shown(string text) => text.Length <= ShownCharacters ? text : text[..ShownCharacters] + "…";
}
