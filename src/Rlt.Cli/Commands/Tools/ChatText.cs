using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Text.Chat;

namespace Rlt.Cli.Commands.Tools;

/// <summary>Conversations in rows.</summary>
internal static class ChatText
{
    /// <summary>The text of a row's <c>messages</c> by the model's template.</summary>
    public static string Render(JsonRow row, ChatTemplate? template, string directory, bool generationPromptByDefault = false)
    {
        if (template is null)
        {
            throw new CheckpointException(
                $"{directory} has no chat template (chat_template in tokenizer_config.json, or chat_template.jinja), which 'messages' need.");
        }

        if (row.Fields["messages"] is not JsonArray messages)
        {
            throw row.Problem("'messages' is not a list; expected [{\"role\", \"content\"}, …].");
        }

        bool prompt = row.Fields["add_generation_prompt"] switch
        {
            null => generationPromptByDefault,
            JsonValue value when value.TryGetValue(out bool given) => given,
            _ => throw row.Problem("'add_generation_prompt' is not true or false."),
        };
        try
        {
            return template.Render(messages, prompt, row.Fields["tools"] as JsonArray, row.Fields["template_args"] as JsonObject);
        }
        catch (DataException error)
        {
            throw row.Problem(error.Message);
        }
    }
}
