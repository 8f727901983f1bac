using System.Text;
using Rlt.Models;
using Rlt.Text.Chat;

namespace Rlt.Cli;

/// <summary>The Modelfile by which <c>ollama create</c> takes a GGUF file: where it is, how turns are written, and what ends one.</summary>
internal static class OllamaModelfile
{
    private const string System = "SYSTEM-WORDS", User = "USER-WORDS";

    /// <summary>The file's text.</summary>
    /// <param name="gguf">The GGUF file's name, beside it.</param>
    /// <param name="text">The model's texts.</param>
    public static string Of(string gguf, ModelText text)
    {
        var file = new StringBuilder($"# ollama create NAME -f {Path.ChangeExtension(gguf, ".Modelfile")}\nFROM ./{gguf}\n");
        file.Append(TemplateOf(text) is { } template
            ? $"TEMPLATE \"\"\"{template}\"\"\"\n" : "# TEMPLATE: none here; ollama finds one by the chat template in the GGUF file, where it knows that\n");
        foreach (string stop in text.StopIds.Where(text.Tokenizer.IsSpecial).Select(id => text.Tokenizer.IdToToken(id)!).Distinct())
        {
            file.Append($"PARAMETER stop \"{stop}\"\n");
        }

        return file.ToString();
    }

    // Ollama's templates are Go's. One is made where the model's writes a system prompt as a block of its own before what it writes without one.
    private static string? TemplateOf(ModelText text)
    {
        try
        {
            if (text.Template?.TurnEnd() is not { } end)
            {
                return null;
            }

            ChatMessage system = new("system", System), user = new("user", User);
            string with = text.Template.Render([system, user], addGenerationPrompt: true), without = text.Template.Render([user], addGenerationPrompt: true);
            if (with.Split(System) is not [var before, var rest] || rest.Split(User) is not [var between, var after]
                || without.Split(User) is not [var opening, var same])
            {
                return null;
            }

            // Ollama puts the token before the text that the GGUF file asks for.
            string begin = text.Tokenizer.BosId is { } id && text.Tokenizer.Encode("a").Ids[0] == id ? text.Tokenizer.IdToToken(id)! : "";
            string first = opening.StartsWith(begin, StringComparison.Ordinal) ? opening[begin.Length..] : opening;
            before = before.StartsWith(begin, StringComparison.Ordinal) ? before[begin.Length..] : before;
            return after != same || !between.EndsWith(first, StringComparison.Ordinal) || (with + end).Contains("{{", StringComparison.Ordinal)
                || (with + end).Contains("\"\"\"", StringComparison.Ordinal)
                ? null
                : $"{{{{ if .System }}}}{before}{{{{ .System }}}}{between[..^first.Length]}{{{{ end }}}}"
                    + $"{first}{{{{ .Prompt }}}}{after}{{{{ .Response }}}}{end.TrimEnd('\n')}";
        }
        catch (DataException)
        {
            return null;
        }
    }
}
