using Rlt.Text.Tokenization.Patterns;

namespace Rlt.Text.Tokenization;

/// <summary>Reads the patterns of tokenizer files: <c>{"Regex": "..."}</c> or <c>{"String": "..."}</c>.</summary>
internal static class PatternReader
{
    /// <summary>Reads a pattern.</summary>
    public static Pattern Read(JsonPart part)
    {
        part.AllowOnly("Regex", "String");
        bool isRegex = !part["Regex"].IsNull;
        if (isRegex == !part["String"].IsNull)
        {
            throw part.Fail($"is {part.Quote()}; expected an object with either Regex or String.");
        }

        return isRegex ? Compile(part["Regex"]) : Pattern.OfText(part["String"].String());
    }

    private static Pattern Compile(JsonPart part)
    {
        string expression = part.String();
        try
        {
            return Pattern.Compile(expression);
        }
        catch (PatternSyntaxException error)
        {
            throw part.Fail($"is the regular expression {part.Quote()}, which cannot be used: {error.Message}.");
        }
    }
}
