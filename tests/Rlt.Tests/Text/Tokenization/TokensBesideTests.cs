using Rlt.Tests.Data;
using Rlt.Text.Tokenization;

namespace Rlt.Tests.Text.Tokenization;

/// <summary>Tokens that only the files beside tokenizer.json name, and what those files put around a text.</summary>
public sealed class TokensBesideTests : IDisposable
{
    private const string Bpe = """{"type":"BPE","vocab":{"a":0,"b":1,"<s>":2,"</s>":3},"merges":[]}""";

    private const string Template = """
        {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[],
         "special_tokens":{"<s>":{"id":"<s>","ids":[2],"tokens":["<s>"]}}}
        """;

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("""{"added_tokens_decoder":{"4":{"content":"<tool>","special":true}}}""", "a<tool>b", new[] { 0, 4, 1 })]
    [InlineData("""{"added_tokens_decoder":{"5":{"content":"<y>"},"4":{"content":"<x>"}}}""", "<y><x>", new[] { 5, 4 })]
    [InlineData("""{"additional_special_tokens":["<x>",{"content":"<y>","rstrip":true}]}""", "<y>  b<x>", new[] { 5, 1, 4 })]
    [InlineData("""{"extra_special_tokens":{"image_token":"<image>"}}""", "a<image>", new[] { 0, 4 })]
    [InlineData("""{"extra_special_tokens":["<image>"]}""", "a<image>", new[] { 0, 4 })]
    [InlineData("""{"eos_token":"<end>"}""", "a<end>", new[] { 0, 4 })]
    [InlineData("""{"additional_special_tokens":["<x>"],"eos_token":"<end>","pad_token":"<x>"}""", "<end><x>", new[] { 4, 5 })]
    [InlineData("""{"added_tokens_decoder":{"4":{"content":"<x>"}},"eos_token":"<end>"}""", "<end><x>", new[] { 5, 4 })]
    [InlineData("""{"eos_token":"</s>"}""", "a</s>", new[] { 0, 3 })]
    public void Encode_TokenOfTokenizerConfig_IsOneToken(string config, string text, int[] ids) => Assert.Equal(ids, Load(config).Encode(text).Ids);

    [Fact]
    public void Load_RolesOfOtherFiles_HaveTheirIds()
    {
        _scratch.Write("added_tokens.json", """{"<pad>": 5, "<end>": 4}""");
        _scratch.Write("special_tokens_map.json", """{"eos_token": {"content": "<end>"}, "additional_special_tokens": ["<more>"]}""");
        Tokenizer tokenizer = Load("""{"pad_token": "<pad>", "bos_token": "<s>"}""");
        Assert.Equal((2, 4, 5), (tokenizer.BosId, tokenizer.EosId, tokenizer.PadId));
        Assert.Equal([4, 0, 5, 6], tokenizer.Encode("<end>a<pad><more>").Ids);
        Assert.Equal("a", tokenizer.Decode([4, 0, 5, 6], skipSpecialTokens: true));
        Assert.Equal("<end> a <pad> <more>", tokenizer.Decode([4, 0, 5, 6]));
    }

    [Fact]
    public void Load_ConfigWithItsDecoder_DoesNotReadTheOlderFiles()
    {
        _scratch.Write("added_tokens.json", """{"<old>": 77}""");
        _scratch.Write("special_tokens_map.json", """{"eos_token": "<old>"}""");
        Tokenizer tokenizer = Load("""{"added_tokens_decoder": {"4": {"content": "<new>"}}, "eos_token": "<new>"}""");
        Assert.Equal(4, tokenizer.EosId);
        Assert.Null(tokenizer.TokenToId("<old>"));
    }

    [Fact]
    public void Load_TokenOfBothFiles_HasTheIdOfTheOneAndTheFlagsOfTheOther()
    {
        const string added = """[{"id":4,"content":"<x>","special":false,"normalized":false}]""";
        Tokenizer tokenizer = Load("""{"added_tokens_decoder": {"4": {"content": "<x>", "lstrip": true, "special": true, "normalized": false}}}""", added);
        Assert.Equal([0, 4, 1], tokenizer.Encode("a  <x>b").Ids);
        Assert.True(tokenizer.IsSpecial(4));
    }

    [Theory]
    [InlineData("LlamaTokenizerFast", "true", "false", new[] { 2, 0 })]
    [InlineData("LlamaTokenizerFast", "true", "true", new[] { 2, 0, 3 })]
    [InlineData("LlamaTokenizer", "false", "true", new[] { 0, 3 })]
    [InlineData("LlamaTokenizer", "false", "false", new[] { 0 })]
    [InlineData("LlamaTokenizer", "null", "true", new[] { 2, 0, 3 })]
    [InlineData("GemmaTokenizerFast", "false", "null", new[] { 0 })]
    [InlineData("LlamaTokenizerFast", "null", "null", new[] { 2, 0 })]
    [InlineData("PreTrainedTokenizerFast", "false", "true", new[] { 2, 0 })]
    public void Encode_AddBosAndEos_AreThoseOfTheClassesThatRewriteTheTemplate(string name, string bos, string eos, int[] ids)
    {
        Tokenizer tokenizer = Load($$"""{"tokenizer_class":"{{name}}","add_bos_token":{{bos}},"add_eos_token":{{eos}},"bos_token":"<s>","eos_token":"</s>"}""", postProcessor: Template);
        Assert.Equal(ids, tokenizer.Encode("a").Ids);
        Assert.Equal([0], tokenizer.Encode("a", addSpecialTokens: false).Ids);
    }

    [Fact]
    public void Encode_AddBosWithoutAPostProcessor_AddsIt() =>
        Assert.Equal([2, 0], Load("""{"tokenizer_class":"LlamaTokenizerFast","add_bos_token":true,"add_eos_token":false,"bos_token":{"content":"<s>"}}""").Encode("a").Ids);

    [Fact]
    public void Encode_TokenBeyondTheEmbeddings_IsRefusedOnlyWhereATextHoldsIt()
    {
        _ = Load("""{"pad_token":"<pad>"}""");
        Tokenizer tokenizer = Tokenizer.Load(_scratch.Root, embeddings: 4);
        Assert.Equal([0, 1], tokenizer.Encode("ab").Ids);
        Assert.Equal(
            "A text has the token '<pad>', which tokenizer.json lacks and a file beside it names; it is number 4, for which the model has no embedding. Leave it out of the text.",
            Assert.Throws<DataException>(() => tokenizer.Encode("a<pad>")).Message);
    }

    private Tokenizer Load(string config, string addedTokens = "[]", string postProcessor = "null")
    {
        _scratch.Write("tokenizer.json", TestTokenizer.File(Bpe, postProcessor: postProcessor, addedTokens: addedTokens).ToJsonString());
        _scratch.Write("tokenizer_config.json", config);
        return Tokenizer.Load(_scratch.Root);
    }
}
