using System.Text.Json.Nodes;
using Rlt.Text.Tokenization;

namespace Rlt.Tests.Text.Tokenization;

/// <summary>Files that cannot be used: the message names the file, the place, the value and what is expected.</summary>
public sealed class LoadingTests
{
    private const string Bpe = """{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}""";

    [Theory]
    [InlineData("model", """{"type":"Unigram","vocab":[]}""", "model.type is \"Unigram\", which is not supported; supported are BPE, WordLevel.")]
    [InlineData("model", "null", "model is missing; the file is incomplete.")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0,"b":0},"merges":[]}""", "model.vocab has the id 0 twice, for 'a' and 'b'; ids must be unique.")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":-1},"merges":[]}""", "model.vocab.a is -1; expected a whole number from 0")]
    [InlineData("model", """{"type":"BPE","vocab":{},"merges":[]}""", "model.vocab has no tokens")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0}}""", "model.merges is missing")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0,"b":1},"merges":["a b"]}""", "model.merges[0] is \"a b\", but model.vocab has no token 'ab'.")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0,"b":1},"merges":[["a","c"]]}""", "model.merges[0] is [\"a\",\"c\"], but model.vocab has no token 'c'.")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0,"b":1},"merges":["a b c"]}""", "model.merges[0] is \"a b c\"; expected two tokens")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":[],"dropout":0.1}""", "model.dropout is 0.1; dropping merges at random is not supported.")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":[],"unk_token":"?"}""", "model.unk_token is \"?\", which model.vocab does not have.")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":[],"end_of_word_suffix":"</w>"}""", "model.end_of_word_suffix is \"</w>\", which is not supported")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":[],"new_option":1}""", "model has the field 'new_option' = 1, which is not supported; supported are type, dropout")]
    [InlineData("normalizer", """{"type":"Nmt"}""", "normalizer.type is \"Nmt\", which is not supported; supported are NFC, NFD")]
    [InlineData("normalizer", """{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Replace","pattern":"x"}]}""", "normalizer.normalizers[1].pattern is \"x\"; expected an object.")]
    [InlineData("pre_tokenizer", """{"type":"BertPreTokenizer"}""", "pre_tokenizer.type is \"BertPreTokenizer\", which is not supported; supported are ByteLevel, Split")]
    [InlineData("pre_tokenizer", """{"type":"Split","pattern":{"Regex":"a"},"behavior":"Sideways"}""", "pre_tokenizer.behavior is \"Sideways\", which is not supported; supported are Removed, Isolated")]
    [InlineData("pre_tokenizer", """{"type":"Sequence","pretokenizers":[{"type":"ByteLevel"},{"type":"Digits"}]}""", "pre_tokenizer.pretokenizers[1] follows a ByteLevel pre-tokenizer")]
    [InlineData("pre_tokenizer", """{"type":"Metaspace","replacement":"▁","prepend_scheme":"sometimes"}""", "pre_tokenizer.prepend_scheme is \"sometimes\", which is not supported; supported are always, first, never.")]
    [InlineData("post_processor", """{"type":"RobertaProcessing"}""", "post_processor.type is \"RobertaProcessing\", which is not supported")]
    [InlineData("post_processor", """{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>"}},{"Sequence":{"id":"A"}}],"special_tokens":{}}""", "post_processor.single[0].SpecialToken.id is \"<s>\", which post_processor.special_tokens does not describe.")]
    [InlineData("post_processor", """{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>"}},{"Sequence":{"id":"A"}}],"special_tokens":{"<s>":{"ids":[77]}}}""", "post_processor.special_tokens.<s>.ids[0] is 77, which is no token's id.")]
    [InlineData("post_processor", """{"type":"TemplateProcessing","single":[],"special_tokens":{}}""", "post_processor.single has no place for the text")]
    [InlineData("decoder", """{"type":"CTC"}""", "decoder.type is \"CTC\", which is not supported; supported are ByteLevel, Replace")]
    [InlineData("added_tokens", """[{"id":7,"content":"x"},{"id":8,"content":"x"}]""", "added_tokens[1].content is 'x', which an added token before it is, too")]
    [InlineData("added_tokens", """[{"id":7,"content":"a"}]""", "added_tokens[0].id is 7 for 'a', but model.vocab gives that token the id 0.")]
    [InlineData("added_tokens", """[{"id":1,"content":"x"}]""", "added_tokens[0].id is 1 for 'x', but that is the id of 'b'; ids must be unique.")]
    [InlineData("version", "\"2.0\"", "version is \"2.0\", which is not supported; supported is \"1.0\".")]
    [InlineData("surprise", "1", "the file has the field 'surprise' = 1, which is not supported")]
    public void Load_PartThatCannotBeUsed_SaysWhatAndWhere(string part, string json, string expected)
    {
        var file = TestTokenizer.File(Bpe);
        file[part] = JsonNode.Parse(json);
        var error = Assert.Throws<CheckpointException>(() => TestTokenizer.Load(file));
        Assert.Contains("tokenizer.json: " + expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "not valid JSON from line 1, byte 1 on. The file is damaged or incomplete; get it again.")]
    [InlineData("{\n\"version\": \"1.0\",\n\"model\": {\"vo", "not valid JSON from line 3, byte")]
    [InlineData("[]", "the file is []; expected an object.")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"\ud800":0},"merges":[]}}""", "which is not valid Unicode; the file is damaged.")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0,"a":1},"merges":[]}}""", "model.vocab has the token 'a' twice, as 0 and 1; tokens must be unique.")]
    public void Load_DamagedFile_SaysSo(string text, string expected)
    {
        var error = Assert.Throws<CheckpointException>(() => TestTokenizer.Load(text));
        Assert.Contains("tokenizer.json: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_FileCutAnywhere_ThrowsCheckpointException()
    {
        string text = File.ReadAllText(Golden.Find("tokenizer_tiny/tokenizer.json"));
        for (int length = 1; length < text.TrimEnd().Length; length += 397)
        {
            Assert.Throws<CheckpointException>(() => TestTokenizer.Load(text[..length]));
        }
    }

    [Fact]
    public void Load_DirectoryWithoutTokenizer_SaysWhatWasExpected()
    {
        var error = Assert.Throws<CheckpointException>(() => Tokenizer.Load("no-such-directory"));
        Assert.Contains("there is no such file; expected the tokenizer of a Hugging Face model directory", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tokenizer_config.json", """{"eos_token":"a","bos_token":{"content":"b","lstrip":false},"pad_token":null,"model_max_length":512}""", 0, 1, null, 512)]
    [InlineData("tokenizer_config.json", """{"pad_token":"ab","model_max_length":1000000000000000019884624838656}""", null, null, 2, null)]
    [InlineData("special_tokens_map.json", """{"eos_token":{"content":"ab"}}""", 2, null, null, null)]
    public void Load_SpecialTokenNames_FindsTheirIds(string name, string config, int? eos, int? bos, int? pad, int? length)
    {
        var tokenizer = TestTokenizer.Load(TestTokenizer.File(Bpe).ToJsonString(), config, name);
        Assert.Equal((eos, bos, pad, length), (tokenizer.EosId, tokenizer.BosId, tokenizer.PadId, tokenizer.ModelMaxLength));
    }

    [Theory]
    [InlineData("""{"added_tokens_decoder":{"9":{"content":"<x>"}}}""", "tokenizer_config.json: added_tokens_decoder.9 names '<x>', a token that tokenizer.json does not have and that would become 3 there, its next free id. Add it to tokenizer.json under its own.")]
    [InlineData("""{"added_tokens_decoder":{"nine":{"content":"<x>"}}}""", "tokenizer_config.json: added_tokens_decoder.nine has the name 'nine'; expected a token's id, a whole number from 0 to 2147483646.")]
    [InlineData("""{"added_tokens_decoder":["<x>"]}""", "tokenizer_config.json: added_tokens_decoder is [\"<x>\"]; expected an object.")]
    [InlineData("""{"tokenizer_class":"LlamaTokenizerFast","add_bos_token":true}""", "tokenizer_config.json: add_bos_token is true, but no bos_token is named. Name it, or set add_bos_token to false.")]
    [InlineData("""{"tokenizer_class":"LlamaTokenizer","add_eos_token":"yes"}""", "tokenizer_config.json: add_eos_token is \"yes\"; expected true or false.")]
    [InlineData("""{"eos_token":5}""", "tokenizer_config.json: eos_token is 5; expected a text.")]
    [InlineData("""{"model_max_length":"long"}""", "tokenizer_config.json: model_max_length is \"long\"; expected a number of tokens, 1 or more.")]
    public void Load_SpecialTokenNamesThatCannotBeUsed_SaysWhatAndWhere(string config, string expected)
    {
        var error = Assert.Throws<CheckpointException>(() => TestTokenizer.Load(TestTokenizer.File(Bpe).ToJsonString(), config));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }
}
