using System.Text;
using System.Text.Json.Nodes;
using Rlt.Text.Tokenization;

namespace Rlt.Tests.Text.Tokenization;

/// <summary>The tokenizer of the repository's own golden files, against the official library.</summary>
public sealed class TinyTokenizerTests
{
    private static readonly Lazy<Tokenizer> _tiny = new(() => Tokenizer.Load(Golden.Find("tokenizer_tiny")));
    private static readonly Lazy<JsonObject[]> _cases = new(() => [.. Golden.Lines(Golden.Find("tokenizer_tiny/cases.jsonl"))]);

    [Fact]
    public void Encode_OwnCases_GivesOfficialIdsAndOffsets()
    {
        int withOffsets = 0;
        foreach (var line in _cases.Value)
        {
            var encoding = _tiny.Value.Encode((string)line["text"]!);
            Assert.Equal(Ids(line), encoding.Ids);
            if (line["offsets"] is JsonArray offsets)
            {
                Assert.Equal(offsets.Select(span => new TextSpan((int)span![0]!, (int)span[1]!)), encoding.Offsets);
                withOffsets++;
            }
        }

        Assert.True(withOffsets > 100);
    }

    [Fact]
    public void Decode_OwnCases_GivesOfficialTexts()
    {
        foreach (var line in _cases.Value)
        {
            Assert.Equal((string)line["decoded"]!, _tiny.Value.Decode(Ids(line)));
            Assert.Equal((string)line["decoded_skip_special"]!, _tiny.Value.Decode(Ids(line), skipSpecialTokens: true));
        }
    }

    [Fact]
    public void Encode_ManyThreads_GivesTheSameIds() =>
        Parallel.For(0, 400, i =>
        {
            var line = _cases.Value[i % _cases.Value.Length];
            Assert.Equal(Ids(line), _tiny.Value.Encode((string)line["text"]!).Ids);
        });

    [Fact]
    public void Encode_HalfOfASurrogatePair_CountsAsReplacementCharacter()
    {
        var encoding = _tiny.Value.Encode("x\ud83dy");
        Assert.Equal("x\ufffdy", _tiny.Value.Decode(encoding.Ids));
        Assert.Equal(_tiny.Value.Encode("x\ufffdy").Ids, encoding.Ids);
        Assert.Equal(new TextSpan(1, 2), encoding.Offsets[1]);
    }

    [Fact]
    public void Vocabulary_OfTheFile_IsKnownBothWays()
    {
        Assert.Equal(1024, _tiny.Value.VocabularySize);
        Assert.Equal(1022, _tiny.Value.TokenToId("<|im_end|>"));
        Assert.Equal("<|im_end|>", _tiny.Value.IdToToken(1022));
        Assert.Null(_tiny.Value.TokenToId("no such token"));
        Assert.Null(_tiny.Value.IdToToken(1024));
        Assert.True(_tiny.Value.IsSpecial(1022));
        Assert.False(_tiny.Value.IsSpecial(1023));
        Assert.False(_tiny.Value.IsSpecial(5));
        Assert.Null(_tiny.Value.EosId);
    }

    [Fact]
    public void Decode_IdsWithoutAToken_BecomeNothing() => Assert.Equal("", _tiny.Value.Decode([1024, 1039]));

    [Fact]
    public void DecodeStream_Emoji_ComesOutWhole()
    {
        int[] ids = _tiny.Value.Encode("a😀é!").Ids;
        var stream = _tiny.Value.OpenDecodeStream();
        string[] texts = [.. ids.Select(stream.Append), stream.Finish()];
        Assert.Equal(["a", "", "", "", "😀", "", "é", "!", ""], texts);
    }

    [Fact]
    public void DecodeStream_UnfinishedCharacter_ComesOutAtTheEnd()
    {
        var stream = _tiny.Value.OpenDecodeStream();
        foreach (int id in _tiny.Value.Encode("😀").Ids[..3])
        {
            Assert.Equal("", stream.Append(id));
        }

        Assert.Equal("\ufffd", stream.Finish());
    }

    [Fact]
    public void DecodeStream_RandomIds_GivesWhatDecodeGives()
    {
        var random = new Random(3);
        for (int round = 0; round < 300; round++)
        {
            int[] ids = [.. Enumerable.Range(0, random.Next(12)).Select(_ => random.Next(random.Next(2) == 0 ? 260 : 1030))];
            bool skip = random.Next(2) == 0;
            var stream = _tiny.Value.OpenDecodeStream(skip);
            var text = new StringBuilder();
            foreach (int id in ids)
            {
                text.Append(stream.Append(id));
            }

            Assert.Equal(_tiny.Value.Decode(ids, skip), text.Append(stream.Finish()).ToString());
        }
    }

    private static int[] Ids(JsonObject line) => [.. line["ids"]!.AsArray().Select(id => (int)id!)];
}
