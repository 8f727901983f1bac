using System.CommandLine;
using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Text.Chat;
using Rlt.Text.Tokenization;

namespace Rlt.Cli.Commands.Tools;

/// <summary><c>rlt tokenize</c>: text or messages to token ids. Needs only a directory's tokenizer files.</summary>
internal static class TokenizeCommand
{
    public static Command Create()
    {
        var command = new Command("tokenize", "Token ids of rows {text} or {messages, add_generation_prompt?, tools?, template_args?}.");
        Option<string> model = SharedOptions.Required("--model", "a directory with tokenizer.json");
        Option<string> output = SharedOptions.Required("--output", "the JSONL file to write: the rows with 'ids' (and 'text' as rendered)");
        var plain = new Option<bool>("--no-special-tokens") { Description = "leave out what the tokenizer adds to a plain text" };
        var input = new InputOptions(command);
        command.Takes(model, output, plain);
        command.SetAction(parsed =>
        {
            string directory = Startup.ModelAt(parsed.GetValue(model)!);
            Tokenizer tokenizer = Tokenizer.Load(directory);
            ChatTemplate? template = ChatTemplate.TryLoad(directory);
            bool special = !parsed.GetValue(plain);
            JsonLines.Write(parsed.GetValue(output)!, input.Rows(parsed)
                .Select(row => Encode(row, tokenizer, template, directory, special)));
        });
        return command;
    }

    private static JsonObject Encode(JsonRow row, Tokenizer tokenizer, ChatTemplate? template, string directory, bool special)
    {
        bool isChat = row.Has("messages");
        if (isChat)
        {
            row.Fields["text"] = ChatText.Render(row, template, directory);
        }

        // A rendered conversation already holds its special tokens.
        row.Fields["ids"] = JsonArrays.Of(tokenizer.Encode(row.Text("text"), addSpecialTokens: special && !isChat).Ids);
        return row.Fields;
    }
}
