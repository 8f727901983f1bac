using System.Text;
using System.Text.Json.Nodes;
using Rlt.Text.Tokenization;

namespace Rlt.Tests.Text.Tokenization;

/// <summary>Our ids and those of Hugging Face's own library (Tokenizers.DotNet), on texts made at random.</summary>
public sealed class OracleTests
{
    private const int Texts = 400;

    // What texts are made of: words, numbers, white space, marks, scripts, code, mathematics.
    private static readonly string[] Parts =
    [
        "the", " answer", " is", "Therefore", " x", "²", " = ", "3.14159", "12345678", "\n", "\n\n", "  ", "\t", " \r\n", "don't", "I'LL", "'s", "naïve", "e\u0301", "Ω", " привет", "你好", "世界。", "こんにちは", "한국어", "مرحبا", "שלום", "नमस्ते", "ไทย",
        "def f(x):\n    return x**2", "\\frac{1}{2}", "\\boxed{42}", "$$", "===", "...", "!?", "🙂", "👩‍🚀", "🇩🇪", "\u00A0", "\u200B", "ﬁ", "Ⅷ", "½", "𝒙", "𝟙𝟚", "_snake_case", "CamelCase", "http://a.b/c?d=1", "<think>", "</think>", "<|im_start|>", "<|endoftext|>", "<", "|", ">",
    ];

    [RealTokenizerTheory]
    [InlineData("qwen3")]
    [InlineData("llama3")]
    [InlineData("deepseek_v3")]
    [InlineData("gpt4o")]
    public void Encode_TextsAtRandom_GivesTheLibrarysIds(string name) => AssertSame(RealTokenizers.OfFileAlone(name), RealTokenizers.Find(name)!);

    [RealTokenizerTheory]
    [InlineData("qwen3")]
    [InlineData("llama3")]
    [InlineData("deepseek_v3")]
    [InlineData("gpt4o")]
    public void Encode_GoldenTexts_GivesTheLibrarysIds(string name) =>
        AssertSame(RealTokenizers.OfFileAlone(name), RealTokenizers.Find(name)!, [.. Golden.Lines(Golden.Find("tokenization/texts.jsonl")).Select(line => (string)line["text"]!)]);

    [Fact]
    public void Encode_TinyTokenizer_GivesTheLibrarysIds() => AssertSame(Tokenizer.Load(Tiny), Tiny);

    private static string Tiny => Path.GetDirectoryName(Golden.Find("tokenizer_tiny/tokenizer.json"))!;

    private static void AssertSame(Tokenizer ours, string directory, string[]? given = null)
    {
        string file = Path.GetTempFileName();
        try
        {
            // The library cuts and pads as the file says; we encode whole texts.
            JsonNode json = Golden.Json(Path.Combine(directory, "tokenizer.json"));
            json["truncation"] = null;
            json["padding"] = null;
            File.WriteAllText(file, json.ToJsonString());
            using var library = new Tokenizers.DotNet.Tokenizer(file);
            string[] texts = given ?? RandomTexts();
            string[] different = [.. texts.Where(text => text.Length > 0 && !ours.Encode(text).Ids.SequenceEqual(library.Encode(text).Select(id => (int)id)))];
            Assert.True(different.Length == 0, $"{different.Length} of {texts.Length} texts differ: '{different.FirstOrDefault()}'");
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string[] RandomTexts()
    {
        var random = new Random(17);
        return [.. Enumerable.Range(0, Texts).Select(_ =>
        {
            var text = new StringBuilder();
            for (int i = random.Next(1, 25); i > 0; i--)
            {
                // Now and then a character of anywhere, and a long run of one.
                text.Append(random.Next(12) switch
                {
                    0 => ((Rune)random.Next(0x20, 0xD000)).ToString(),
                    1 => new string((char)random.Next('a', 'e'), random.Next(1, 400)),
                    2 => " ",
                    _ => Parts[random.Next(Parts.Length)],
                });
            }

            return text.ToString();
        })];
    }
}
