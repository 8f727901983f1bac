using System.Text.Json;

namespace Rlt.Text.Tokenization;

/// <summary>The tokens with a role, and the longest input, by tokenizer_config.json or, where it is absent, special_tokens_map.json.</summary>
/// <param name="Eos">The token that ends a text.</param>
/// <param name="Bos">The token that begins a text.</param>
/// <param name="Pad">The token that fills up a batch.</param>
/// <param name="MaxLength">The longest input in tokens; null when the file names none.</param>
internal sealed record SpecialTokenNames(int? Eos, int? Bos, int? Pad, int? MaxLength)
{
    /// <summary>Reads the names and looks up their ids.</summary>
    public static SpecialTokenNames Read(string directory, Func<string, int?> idOf)
    {
        string file = Path.Combine(directory, "tokenizer_config.json");
        file = File.Exists(file) ? file : Path.Combine(directory, "special_tokens_map.json");
        if (!File.Exists(file))
        {
            return new SpecialTokenNames(null, null, null, null);
        }

        using var document = JsonPart.Parse(file);
        var root = new JsonPart(file, "", document.RootElement);
        return new SpecialTokenNames(
            Find(root["eos_token"], idOf), Find(root["bos_token"], idOf), Find(root["pad_token"], idOf), ReadLength(root["model_max_length"]));
    }

    private static int? Find(JsonPart part, Func<string, int?> idOf)
    {
        if (part.IsNull)
        {
            return null;
        }

        string name = part.Element.ValueKind == JsonValueKind.Object ? part["content"].String() : part.String();
        return idOf(name) ?? throw part.Fail($"is '{name}', a token that tokenizer.json does not have. Add it there or name one that it has.");
    }

    private static int? ReadLength(JsonPart part)
    {
        if (part.IsNull)
        {
            return null;
        }

        // Files of models without a limit write a number near 1e30.
        double value = part.Element.ValueKind == JsonValueKind.Number ? part.Element.GetDouble() : double.NaN;
        return value >= 1 ? (value <= int.MaxValue ? (int)value : null) : throw part.Fail($"is {part.Quote()}; expected a number of tokens, 1 or more.");
    }
}
