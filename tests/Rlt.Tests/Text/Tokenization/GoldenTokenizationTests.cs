using System.Text.Json.Nodes;
using Rlt.Text.Tokenization;

namespace Rlt.Tests.Text.Tokenization;

/// <summary>Ids, decoded texts and offsets against the official library's.</summary>
public sealed class GoldenTokenizationTests
{
    [GoldenFact("tokenization/tiny.jsonl")]
    public void Encode_TinyTokenizer_GivesGoldenIds() => CheckTexts(LoadTiny(), "tiny");

    [GoldenFact("tokenization/tiny_decode.jsonl")]
    public void Decode_TinyTokenizer_GivesGoldenTexts() => CheckDecoding(LoadTiny(), "tiny");

    [RealTokenizerTheory]
    [InlineData("qwen3")]
    [InlineData("llama3")]
    [InlineData("deepseek_v3")]
    [InlineData("gpt4o")]
    public void EncodeAndDecode_RealTokenizer_GivesGoldenIdsAndTexts(string name)
    {
        Tokenizer tokenizer = RealTokenizers.OfFileAlone(name);
        CheckTexts(tokenizer, name);
        CheckDecoding(tokenizer, name);
    }

    /// <summary>DeepSeek's tokenizer_config.json has <c>add_bos_token: true</c> and a class that heeds it, so that transformers begins every text with a BOS.</summary>
    [RealTokenizerTheory]
    [InlineData("deepseek_v3", 0)]
    [InlineData("qwen3", null)]
    public void Encode_WithItsConfig_BeginsAsTransformersDoes(string name, int? bos)
    {
        int[] alone = RealTokenizers.OfFileAlone(name).Encode("2 + 2").Ids.ToArray();
        Assert.Equal(bos is int id ? [id, .. alone] : alone, Tokenizer.Load(RealTokenizers.Find(name)!).Encode("2 + 2").Ids);
    }

    private static Tokenizer LoadTiny() => Tokenizer.Load(Golden.Find("models/qwen2_teacher"));

    private static void CheckTexts(Tokenizer tokenizer, string name)
    {
        var texts = Golden.Lines(Golden.Find("tokenization/texts.jsonl")).ToDictionary(line => (int)line["i"]!, line => (string)line["text"]!);
        var failures = new List<string>();
        int count = 0;
        foreach (var line in Golden.Lines(Golden.Find($"tokenization/{name}.jsonl")))
        {
            string text = texts[(int)line["i"]!];
            int[] expected = Ids(line);
            var encoding = tokenizer.Encode(text);

            // Where the golden set names no decoded text it is the text's composed form, which for these characters is the text itself.
            string decoded = (string?)line["decoded"] ?? (text.All(c => c < 0x300) ? text : tokenizer.Decode(expected));
            string skipped = (string?)line["decoded_skip_special"] ?? tokenizer.Decode(expected);
            if (!encoding.Ids.SequenceEqual(expected))
            {
                failures.Add($"{line["i"]}: '{text}' became {string.Join(' ', encoding.Ids)}, expected {string.Join(' ', expected)}");
            }
            else if (tokenizer.Decode(expected) != decoded)
            {
                failures.Add($"{line["i"]}: decoded '{tokenizer.Decode(expected)}', expected '{decoded}'");
            }
            else if (tokenizer.Decode(expected, skipSpecialTokens: true) != skipped)
            {
                failures.Add($"{line["i"]}: decoded without special tokens '{tokenizer.Decode(expected, skipSpecialTokens: true)}', expected '{skipped}'");
            }

            count++;
        }

        Assert.True(failures.Count == 0, $"{failures.Count} of {count} texts differ:\n" + string.Join('\n', failures.Take(5)));
        Assert.True(count > 50);
    }

    private static void CheckDecoding(Tokenizer tokenizer, string name)
    {
        foreach (var line in Golden.Lines(Golden.Find($"tokenization/{name}_decode.jsonl")))
        {
            Assert.Equal((string)line["text"]!, tokenizer.Decode(Ids(line)));
            Assert.Equal((string?)line["text_skip_special"] ?? (string)line["text"]!, tokenizer.Decode(Ids(line), skipSpecialTokens: true));
        }
    }

    private static int[] Ids(JsonObject line) => [.. line["ids"]!.AsArray().Select(id => (int)id!)];
}
