using System.Text.Json;
using Rlt.Text.Tokenization;

namespace Rlt.Tests.Text.Tokenization;

/// <summary>Models, added tokens, post-processors and decoders on vocabularies small enough to work out by hand.</summary>
public sealed class ModelTests
{
    private const string LlamaDecoder =
        """{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}""";

    [Theory]
    [InlineData("\"merges\":[\"b c\",\"a b\"]", "abc", "a bc")]
    [InlineData("\"merges\":[[\"a\",\"b\"],[\"b\",\"c\"]]", "abcab", "ab c ab")]
    [InlineData("\"merges\":[\"a b\",\"ab ab\"]", "ababab", "abab ab")]
    [InlineData("\"merges\":[],\"ignore_merges\":true", "abc", "abc")]
    [InlineData("\"merges\":[],\"ignore_merges\":true", "abca", "a b c a")]
    [InlineData("\"merges\":[],\"unk_token\":\"?\"", "axyb", "a ? ? b")]
    [InlineData("\"merges\":[],\"unk_token\":\"?\",\"fuse_unk\":true", "axyb", "a ? b")]
    [InlineData("\"merges\":[]", "axb", "a b")]
    [InlineData("\"merges\":[],\"byte_fallback\":true,\"unk_token\":\"?\"", "aé世", "a <0xC3> <0xA9> ?")]
    public void Encode_BytePairs_MergesByRank(string settings, string text, string expected)
    {
        var tokenizer = TestTokenizer.Load(TestTokenizer.File(
            """{"type":"BPE","vocab":{"a":0,"b":1,"c":2,"ab":3,"bc":4,"abc":5,"abab":6,"?":7,"<0xC3>":8,"<0xA9>":9},""" + settings + "}"));
        Assert.Equal(expected, Tokens(tokenizer, text));
    }

    [Fact]
    public void Encode_LongWord_MergesAsAShortOne()
    {
        // 40 letters go the way of long words; by hand: pairs, then pairs of pairs, from the left.
        var tokenizer = TestTokenizer.Load(TestTokenizer.File("""{"type":"BPE","vocab":{"a":0,"aa":1,"aaaa":2},"merges":["a a","aa aa"]}"""));
        Assert.Equal([.. Enumerable.Repeat(2, 10), 1, 0], tokenizer.Encode(new string('a', 43)).Ids);
        Assert.Equal([2, 2, 2, 1, 0], tokenizer.Encode(new string('a', 15)).Ids);
        Assert.Equal(new TextSpan(40, 42), tokenizer.Encode(new string('a', 43)).Offsets[10]);
    }

    [Fact]
    public void Encode_UnknownWordWithoutAToken_ThrowsDataException()
    {
        var tokenizer = TestTokenizer.Load(TestTokenizer.File("""{"type":"WordLevel","vocab":{"a":0},"unk_token":"<unk>"}""", preTokenizer: """{"type":"WhitespaceSplit"}"""));
        Assert.Equal([0, 0], tokenizer.Encode("a a").Ids);
        Assert.Contains("neither 'b' nor its unknown token '<unk>'", Assert.Throws<DataException>(() => tokenizer.Encode("a b")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "x <m> y", "x |<m>| y")]
    [InlineData("\"lstrip\":true", "x  <m> y", "x|  <m>| y")]
    [InlineData("\"rstrip\":true", "x <m> \ny", "x |<m> \n|y")]
    [InlineData("\"single_word\":true", "x<m> <m>", "x<m> |<m>")]
    [InlineData("\"normalized\":true", "x<M>y", "x|<M>|y")]
    [InlineData("\"normalized\":false", "x<M>y", "x<M>y")]
    public void Encode_AddedToken_IsFoundByItsRules(string rules, string text, string expected)
    {
        string flags = rules.Length == 0 ? "" : "," + rules;
        var tokenizer = TestTokenizer.Load(TestTokenizer.File(
            TestTokenizer.Words, """{"type":"Lowercase"}""", addedTokens: $$"""[{"id":9,"content":"<m>","special":true{{flags}}}]"""));
        Assert.Equal(expected.Split('|'), tokenizer.Pieces(text));
        Assert.Equal(expected.Split('|').Select(piece => piece.Trim().Equals("<m>", StringComparison.OrdinalIgnoreCase)), tokenizer.Encode(text).Ids.Select(tokenizer.IsSpecial));
    }

    [Fact]
    public void Encode_OverlappingAddedTokens_TakesTheLeftmostLongest()
    {
        var tokenizer = TestTokenizer.Load(TestTokenizer.File(
            TestTokenizer.Words, addedTokens: """[{"id":7,"content":"ab"},{"id":8,"content":"abc"},{"id":9,"content":"cd"}]"""));
        Assert.Equal([8, 0, 7, 0, 9], tokenizer.Encode("abcdab cd").Ids);
    }

    [Fact]
    public void Encode_Template_AddsItsTokensOnlyIfAskedTo()
    {
        var tokenizer = TestTokenizer.Load(TestTokenizer.File(
            TestTokenizer.Words,
            postProcessor: """{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"s","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"e","type_id":0}}],"special_tokens":{"s":{"id":"s","ids":[7],"tokens":["s"]},"e":{"id":"e","ids":[8,7],"tokens":["e","s"]}}}""",
            addedTokens: """[{"id":7,"content":"<s>","special":true},{"id":8,"content":"</s>","special":true}]"""));
        var encoding = tokenizer.Encode("a");
        Assert.Equal([7, 1, 8, 7], encoding.Ids);
        Assert.Equal([default, new TextSpan(0, 1), default, default], encoding.Offsets);
        Assert.Equal([1], tokenizer.Encode("a", addSpecialTokens: false).Ids);
        Assert.Equal([7, 8, 7], tokenizer.Encode("").Ids);
    }

    [Fact]
    public void Encode_TrimmedOffsets_LeaveOutSpaces()
    {
        var file = Golden.Json(Golden.Find("tokenizer_tiny/tokenizer.json"));
        file["post_processor"] = JsonSerializer.SerializeToNode(new { type = "ByteLevel", trim_offsets = true, add_prefix_space = false });
        Assert.Equal(["x", "of", ""], TestTokenizer.Load(file).Pieces("x of "));
    }

    [Theory]
    [InlineData("\"ByteFallback\"", "a|<0xC3>|<0xA9>|<0xC3>|b", "a\uFFFD\uFFFD\uFFFDb")]
    [InlineData("\"ByteFallback\"", "<0xC3>|<0xA9>|a", "éa")]
    [InlineData("\"Fuse\"", "a|b", "ab")]
    [InlineData("\"Replace\",\"pattern\":{\"Regex\":\"b+\"},\"content\":\"c\"", "abb|b", "acc")]
    [InlineData("\"Strip\",\"content\":\"a\",\"start\":1,\"stop\":2", "aab|baaa", "abba")]
    [InlineData("\"Metaspace\",\"replacement\":\"▁\",\"prepend_scheme\":\"always\"", "▁a|▁b", "a b")]
    [InlineData("\"Metaspace\",\"replacement\":\"▁\",\"prepend_scheme\":\"never\"", "▁a|▁b", " a b")]
    [InlineData("\"WordPiece\",\"prefix\":\"##\",\"cleanup\":true", "a|##b|.|▁b", "ab. ▁b")]
    [InlineData(null, "a|b", "a b")]
    public void Decode_Component_JoinsTokens(string? type, string tokens, string expected) =>
        CheckDecoding(type is null ? "null" : "{\"type\":" + type + "}", tokens, expected);

    [Theory]
    [InlineData("▁a|▁b", "a b")]
    [InlineData("▁▁a|▁", " a ")]
    [InlineData("▁|▁a", " a")]
    [InlineData("<0x20>|▁a", " a")]
    [InlineData("a|<0xC3>|<0xA9>|▁b", "aé b")]
    public void Decode_LlamaChain_StripsOneSpaceOfTheWhole(string tokens, string expected) => CheckDecoding(LlamaDecoder, tokens, expected);

    [Fact]
    public void Decode_StepBehindAFusingOne_SeesTheWholeText() => CheckDecoding(
        """{"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"Replace","pattern":{"String":"ab"},"content":"c"},{"type":"Strip","content":"c","start":0,"stop":2}]}""",
        "a|b|b|a|b|a|b",
        "cb");

    private static void CheckDecoding(string decoder, string tokens, string expected)
    {
        string[] split = tokens.Split('|');
        var vocabulary = split.Distinct().Select((token, index) => (token, index)).ToDictionary(pair => pair.token, pair => pair.index);
        var tokenizer = TestTokenizer.Load(TestTokenizer.File(JsonSerializer.Serialize(new { type = "WordLevel", vocab = vocabulary }), decoder: decoder));
        int[] ids = [.. split.Select(token => vocabulary[token])];
        Assert.Equal(expected, tokenizer.Decode(ids));
        var stream = tokenizer.OpenDecodeStream();
        Assert.Equal(expected, string.Concat(ids.Select(stream.Append)) + stream.Finish());
    }

    private static string Tokens(Tokenizer tokenizer, string text) => string.Join(' ', tokenizer.Encode(text).Ids.Select(tokenizer.IdToToken));
}
