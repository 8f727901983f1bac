using System.Text.Json.Nodes;
using Rlt.Text.Tokenization;

namespace Rlt.Tests.Text.Tokenization;

/// <summary>Texts get the tokenizer's first and last tokens once, whether or not they bring them.</summary>
public sealed class WholeTextTests
{
    private const string Added = """[{"id": 2, "content": "<b>", "special": true, "normalized": false}, {"id": 3, "content": "<e>", "special": true, "normalized": false}]""";

    private const string Around = """
        {"type": "TemplateProcessing",
         "single": [{"SpecialToken": {"id": "<b>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "<e>", "type_id": 0}}],
         "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
         "special_tokens": {"<b>": {"id": "<b>", "ids": [2], "tokens": ["<b>"]}, "<e>": {"id": "<e>", "ids": [3], "tokens": ["<e>"]}}}
        """;

    [Theory]
    [InlineData("a")]
    [InlineData("<b>a")]
    [InlineData("a<e>")]
    [InlineData("<b>a<e>")]
    public void EncodeWhole_TextWithOrWithoutTheTokens_HasEachOnce(string text) => Assert.Equal([2, 1, 3], Tokens().EncodeWhole(text));

    [Fact]
    public void EncodeWhole_TokensInside_AreLeftAlone() => Assert.Equal([2, 1, 3, 2, 1, 3], Tokens().EncodeWhole("a<e><b>a"));

    [Fact]
    public void EncodeWhole_NoPostProcessor_AddsNothing() => Assert.Equal([2, 1], Tokens("null").EncodeWhole("<b>a"));

    private static Tokenizer Tokens(string around = Around)
    {
        JsonObject file = TestTokenizer.File(TestTokenizer.Words, postProcessor: around, addedTokens: Added);
        return TestTokenizer.Load(file.ToJsonString());
    }
}
