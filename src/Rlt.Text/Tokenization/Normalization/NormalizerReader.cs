namespace Rlt.Text.Tokenization.Normalization;

/// <summary>Reads the <c>normalizer</c> of tokenizer.json.</summary>
internal static class NormalizerReader
{
    private static readonly Dictionary<string, string[]> _fields = new()
    {
        ["NFC"] = [],
        ["NFD"] = [],
        ["NFKC"] = [],
        ["NFKD"] = [],
        ["Lowercase"] = [],
        ["Strip"] = ["strip_left", "strip_right"],
        ["StripAccents"] = [],
        ["Prepend"] = ["prepend"],
        ["Replace"] = ["pattern", "content"],
        ["Sequence"] = ["normalizers"],
    };

    /// <summary>Reads a normalizer; null when there is none.</summary>
    public static Normalizer? Read(JsonPart part)
    {
        if (part.IsNull)
        {
            return null;
        }

        return part.TypeOf(_fields) switch
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
            _ => new SequenceNormalizer([.. part["normalizers"].Items().Select(item => Read(item) ?? throw item.Fail("is null; expected a normalizer."))]),
        };
    }
}
