namespace Rlt.Tests.Text.Tokenization;

/// <summary>Pre-tokenizers and the patterns they use: pieces worked out by hand.</summary>
public sealed class SplittingTests
{
    private const string Gpt2Spaces = """{"type":"ByteLevel","add_prefix_space":false}""";

    [Theory]
    [InlineData("Removed", false, "a|b|c")]
    [InlineData("Removed", true, "-|--")]
    [InlineData("Isolated", false, "a|-|b|--|c")]
    [InlineData("MergedWithPrevious", false, "a-|b--|c")]
    [InlineData("MergedWithNext", false, "a|-b|--c")]
    [InlineData("MergedWithPrevious", true, "a|-b|--c")]
    [InlineData("Contiguous", false, "a|-|b|--|c")]
    public void Split_EachBehavior_TreatsMatches(string behavior, bool invert, string expected) => Assert.Equal(
        expected.Split('|'),
        TestTokenizer.Split($$"""{"type":"Split","pattern":{"Regex":"-+"},"behavior":"{{behavior}}","invert":{{(invert ? "true" : "false")}}}""", "a-b--c"));

    [Theory]
    [InlineData("MergedWithPrevious", "a-|-|b")]
    [InlineData("MergedWithNext", "a|-|-b")]
    [InlineData("Contiguous", "a|--|b")]
    public void Split_MatchesSideBySide_MergeOnlyWhenContiguous(string behavior, string expected) => Assert.Equal(
        expected.Split('|'), TestTokenizer.Split($$"""{"type":"Split","pattern":{"String":"-"},"behavior":"{{behavior}}"}""", "a--b"));

    [Theory]
    [InlineData("""{"type":"Digits","individual_digits":true}""", "a12½b", "a|1|2|½|b")]
    [InlineData("""{"type":"Digits","individual_digits":false}""", "a12½b", "a|12½|b")]
    [InlineData("""{"type":"WhitespaceSplit"}""", " a\u00A0b\u200Bc\n", "a|b\u200Bc")]
    [InlineData("""{"type":"Whitespace"}""", "a_1 b-!c\u0301é", "a_1|b|-!|c\u0301é")]
    [InlineData("""{"type":"Punctuation"}""", "a,$b«", "a|,|$|b|«")]
    [InlineData("""{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Punctuation"}]}""", "a b.c", "a|b|.|c")]
    [InlineData("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"always"}""", "a b  c", "a| b| | c")]
    [InlineData("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"never","split":false}""", "a b", "a b")]
    public void Split_Component_GivesItsPieces(string preTokenizer, string text, string expected) =>
        Assert.Equal(expected.Split('|'), TestTokenizer.Split(preTokenizer, text));

    [Theory]
    [InlineData("I'm a  dog's\n\n x", "I|'m| a| | dog|'s|\n\n| x")]
    [InlineData("x  ", "x|  ")]
    [InlineData("ab12 34!? 𝒳𝟙", "ab|12| 34|!?| 𝒳|𝟙")]
    public void ByteLevel_OwnPattern_SplitsAsGpt2(string text, string expected)
    {
        var tokenizer = TestTokenizer.Load(TestTokenizer.File(TestTokenizer.Bytes.Replace("\"merges\"", "\"unk_token\":null,\"merges\"", StringComparison.Ordinal), preTokenizer: Gpt2Spaces));
        var whole = TestTokenizer.Load(TestTokenizer.File(
            TestTokenizer.Words, preTokenizer: """{"type":"Split","pattern":{"Regex":"'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"},"behavior":"Isolated"}"""));
        Assert.Equal(expected.Split('|'), whole.Pieces(text));
        Assert.Equal(System.Text.Encoding.UTF8.GetByteCount(text), tokenizer.Encode(text).Ids.Length);
    }

    [Theory]
    [InlineData(@"\p{L}", "𝒳é1", "𝒳|é|1")]
    [InlineData(@"(?i:'s)", "a'Sb'ſ", "a|'S|b|'ſ")]
    [InlineData(@"(?i)k(?-i)k", "KkkK", "Kk|kK")]
    [InlineData(@"[a-c&&[^b]]+", "abca", "a|b|ca")]
    [InlineData(@"[^\s\p{L}\p{N}]+", "a!?1😀b", "a|!?|1|😀|b")]
    [InlineData(@"\d{1,3}(?=(?:\d{3})*\b)", "1234567", "1|234|567")]
    [InlineData(@"a+?b?", "aab", "a|ab")]
    [InlineData(@"a++a|b", "aab", "aa|b")]
    [InlineData(@"(?>a|ab)c|b", "abc", "a|b|c")]
    [InlineData(@"(?<=a)b|(?<!l)l", "abbll", "a|b|b|l|l")]
    [InlineData(@"(?<=\n|a ).", "\nxa y", "\n|x|a |y")]
    [InlineData(@"(?=[A-Z])", "aBcD", "a|Bc|D")]
    [InlineData(@"^a|a$", "aa\naa", "a|a|\n|a|a")]
    [InlineData(@"\Aa|a\z", "aaa", "a|a|a")]
    [InlineData(@"\bab\b", "ab cab", "ab| cab")]
    [InlineData(@"\x61|\u4e16|\x{1F600}", "xa世😀", "x|a|世|😀")]
    [InlineData(@"(?:ab|a)*c", "xaabac", "x|aabac")]
    [InlineData(@"(?m:a.)", "a\nb", "a\n|b")]
    [InlineData(@"[]a]", "x]a", "x|]|a")]
    [InlineData(@"a{,2}b{2}|c{", "aaabbc{", "a|aabb|c{")]
    [InlineData(@"[^\x00-\x7f]+", "a\ud83d\ude00\u0301b", "a|😀\u0301|b")]
    public void Pattern_Construct_MatchesAsOniguruma(string pattern, string text, string expected) => Assert.Equal(
        expected.Split('|'),
        TestTokenizer.Split($$"""{"type":"Split","pattern":{"Regex":{{System.Text.Json.JsonSerializer.Serialize(pattern)}}},"behavior":"Isolated"}""", text));

    [Theory]
    [InlineData("(", "'(' is never closed")]
    [InlineData("a)", "')' closes nothing")]
    [InlineData("[a", "'[' is never closed")]
    [InlineData("*a", "'*' repeats nothing")]
    [InlineData(@"\p{Han}", "the property 'Han' is not supported")]
    [InlineData(@"(a)\1", @"the escape '\1' is not supported")]
    [InlineData("(a*)*", "an unlimited repetition of something that can be empty")]
    [InlineData("(?<name>a)", "the group '(?<' is not supported")]
    [InlineData("(?<=a+)b", "a look-behind whose length varies")]
    [InlineData("a{9999}", "the repetition 9999 is too large")]
    [InlineData("(?:(?:a|b){1000}){1000}", "needs more than 20000 steps")]
    [InlineData("a{2}{2}{2}{2}{2}", "more than 4 repetitions follow one another")]
    [InlineData("[z-a]", "a range of a set has no end or its ends in the wrong order")]
    [InlineData("a\\", "a backslash ends the pattern")]
    public void Pattern_ThatCannotBeUsed_NamesThePlaceAndTheReason(string pattern, string reason)
    {
        var error = Assert.Throws<CheckpointException>(() => TestTokenizer.Split(
            $$"""{"type":"Split","pattern":{"Regex":{{System.Text.Json.JsonSerializer.Serialize(pattern)}}},"behavior":"Isolated"}""", "a"));
        Assert.Contains("tokenizer.json: pre_tokenizer.pattern.Regex is the regular expression", error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }
}
