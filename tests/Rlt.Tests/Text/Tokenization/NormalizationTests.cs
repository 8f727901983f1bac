using Rlt.Text.Tokenization;

namespace Rlt.Tests.Text.Tokenization;

/// <summary>Normalizers: expected texts are those of the Unicode standard's rules, worked out by hand.</summary>
public sealed class NormalizationTests
{
    [Theory]
    [InlineData("NFC", "e\u0301", "\u00E9")]
    [InlineData("NFC", "\u212B \u2126", "\u00C5 \u03A9")]
    [InlineData("NFC", "a\u0307\u0323", "\u1EA1\u0307")]
    [InlineData("NFC", "q\u0307\u0323", "q\u0323\u0307")]
    [InlineData("NFC", "e\u0301\u0301", "\u00E9\u0301")]
    [InlineData("NFC", "a\u0315\u0300\u0340", "\u00E0\u0300\u0315")]
    [InlineData("NFC", "\u0344", "\u0308\u0301")]
    [InlineData("NFC", "\u0958", "\u0915\u093C")]
    [InlineData("NFC", "\u1100\u1161\u11A8x\u1100\u1161", "\uAC01x\uAC00")]
    [InlineData("NFC", "\uAC00\u11A8\uAC01\u11A8", "\uAC01\uAC01\u11A8")]
    [InlineData("NFC", "\u0CC6\u0CC2\u0CD5", "\u0CCB")]
    [InlineData("NFC", "\uFB01\u2460", "\uFB01\u2460")]
    [InlineData("NFC", "\U0001D15E", "\U0001D157\U0001D165")]
    [InlineData("NFC", "\U00011099\U000110BA", "\U0001109A")]
    [InlineData("NFD", "\u00E9\u00E9\u1E69", "e\u0301e\u0301s\u0323\u0307")]
    [InlineData("NFD", "\uAC01", "\u1100\u1161\u11A8")]
    [InlineData("NFD", "\u0F73\u0F71", "\u0F71\u0F71\u0F72")]
    [InlineData("NFKC", "\uFB01\u2460\u00BD\uFF21\u3000", "fi11\u20442A ")]
    [InlineData("NFKC", "\u1E9B\u0323", "\u1E69")]
    [InlineData("NFKC", "\uFF76\uFF9E", "\u30AC")]
    [InlineData("NFKC", "\U0001D7D9\U0001D4B3", "1X")]
    [InlineData("NFKD", "\u1E9B\u0323", "s\u0323\u0307")]
    [InlineData("NFKD", "\u2167\u00A8", "VIII \u0308")]
    [InlineData("Lowercase", "ÀÉ ΣΑΣ \u0130 \U00010400", "àé σασ i\u0307 \U00010428")]
    [InlineData("StripAccents", "e\u0301a\u20DD \u00E9", "ea \u00E9")]
    public void Normalize_Text_GivesTheForm(string type, string text, string expected) =>
        Assert.Equal(expected, TestTokenizer.Normalize($$"""{"type":"{{type}}"}""", text));

    [Theory]
    [InlineData("""{"type":"Strip","strip_left":true,"strip_right":true}""", " \u3000a b\n", "a b")]
    [InlineData("""{"type":"Strip","strip_left":false,"strip_right":true}""", " a ", " a")]
    [InlineData("""{"type":"Prepend","prepend":"▁"}""", "a", "▁a")]
    [InlineData("""{"type":"Prepend","prepend":"▁"}""", "", "")]
    [InlineData("""{"type":"Replace","pattern":{"String":"."},"content":"!?"}""", "a.b.", "a!?b!?")]
    [InlineData("""{"type":"Replace","pattern":{"Regex":"\\s+"},"content":""}""", "a \n b", "ab")]
    [InlineData("""{"type":"Sequence","normalizers":[{"type":"NFD"},{"type":"StripAccents"},{"type":"Lowercase"}]}""", "ÉÀ", "ea")]
    [InlineData("""{"type":"Sequence","normalizers":[]}""", "É", "É")]
    public void Normalize_Component_RewritesTheText(string normalizer, string text, string expected) =>
        Assert.Equal(expected, TestTokenizer.Normalize(normalizer, text));

    [Fact]
    public void Normalize_EveryCharacter_IsStableAndConsistent()
    {
        // NFC leaves its own result alone, and NFD before it changes nothing.
        string all = string.Concat(Enumerable.Range(1, 0x2FFFF).Where(code => code is < 0xD800 or > 0xDFFF).Select(char.ConvertFromUtf32));
        string composed = TestTokenizer.Normalize("""{"type":"NFC"}""", all);
        Assert.NotEqual(all, composed);
        Assert.Equal(composed, TestTokenizer.Normalize("""{"type":"NFC"}""", composed));
        Assert.Equal(composed, TestTokenizer.Normalize("""{"type":"Sequence","normalizers":[{"type":"NFD"},{"type":"NFC"}]}""", all));
    }

    [Theory]
    [InlineData("NFC", "e\u0301x", "0-2 2-3")]
    [InlineData("NFC", "e\u0301\u0302x", "0-2 2-3 3-4")]
    [InlineData("NFC", "x\u212By", "0-1 1-2 2-3")]
    [InlineData("NFD", "\u00E9\u00E9", "0-1 0-1 1-2 1-2")]
    [InlineData("NFKC", "a\uFB01", "0-1 1-2 1-2")]
    [InlineData("StripAccents", "a\u0301b", "0-1 2-3")]
    [InlineData("Lowercase", "A\U00010400B", "0-1 1-3 3-4")]
    public void Offsets_NormalizedText_ReferToTheOriginal(string type, string text, string expected)
    {
        var tokenizer = TestTokenizer.Load(TestTokenizer.File(
            TestTokenizer.Words, $$"""{"type":"{{type}}"}""", """{"type":"Split","pattern":{"Regex":"."},"behavior":"Isolated"}"""));
        Assert.Equal(expected, string.Join(' ', tokenizer.Encode(text).Offsets.Select(span => $"{span.Start}-{span.End}")));
    }

    [Fact]
    public void Offsets_PrependedMark_StandsForTheFirstCharacter()
    {
        var tokenizer = TestTokenizer.Load(TestTokenizer.File(
            TestTokenizer.Words, """{"type":"Prepend","prepend":"▁"}""", """{"type":"Split","pattern":{"String":"▁"},"behavior":"Isolated"}"""));
        Assert.Equal([new TextSpan(0, 1), new TextSpan(0, 2)], tokenizer.Encode("hi").Offsets);
    }
}
