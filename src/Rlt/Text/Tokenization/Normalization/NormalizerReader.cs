namespace Rlt.Text.Tokenization.Normalization;

/// <summary>Reads the <c>normalizer</c> of tokenizer.json.</summary>
internal static class NormalizerReader
{
    private static readonly string[] _supported =
        ["NFC", "NFD", "NFKC", "NFKD", "Lowercase", "Strip", "StripAccents", "Prepend", "Replace", "Sequence"];

    /// <summary>Reads a normalizer; null when there is none.</summary>
    public static Normalizer? Read(JsonPart part)
    {
        if (part.IsNull)
        {
            return null;
        }

        string type = part["type"].String();
        part.AllowOnly(["type", .. FieldsOf(type)]);
        return type switch
        {
            "NFC" => new UnicodeNormalizer(UnicodeForm.Nfc),
            "NFD" => new UnicodeNormalizer(UnicodeForm.Nfd),
            "NFKC" => new UnicodeNormalizer(UnicodeForm.Nfkc),
            "NFKD" => new UnicodeNormalizer(UnicodeForm.Nfkd),
            "Lowercase" => new LowercaseNormalizer(),
            "Strip" => new StripNormalizer(part["strip_left"].BooleanOr(true), part["strip_right"].BooleanOr(true)),
            "StripAccents" => new StripAccentsNormalizer(),
            "Prepend" => new PrependNormalizer(part["prepend"].String()),
            "Replace" => new ReplaceNormalizer(PatternReader.Read(part["pattern"]), part["content"].String()),
            "Sequence" => new SequenceNormalizer([.. part["normalizers"].Items().Select(item => Read(item) ?? throw item.Unsupported(_supported))]),
            _ => throw part["type"].Unsupported(_supported),
        };
    }

    private static string[] FieldsOf(string type) => type switch
    {
        "Strip" => ["strip_left", "strip_right"],
        "Prepend" => ["prepend"],
        "Replace" => ["pattern", "content"],
        "Sequence" => ["normalizers"],
        _ => [],
    };
}
