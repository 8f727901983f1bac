using System.Text.Json;
using System.Text.Json.Nodes;
using Rlt.Text.Tokenization;

namespace Rlt.Tests.Text.Tokenization;

/// <summary>Small tokenizers, written to a directory and read back.</summary>
internal static class TestTokenizer
{
    /// <summary>A word-level model that knows hardly a word, so that its offsets show the pieces it gets.</summary>
    public const string Words = """{"type":"WordLevel","vocab":{"<unk>":0,"a":1},"unk_token":"<unk>"}""";

    /// <summary>A byte-pair model of the 256 bytes, in the byte alphabet of byte-level tokenizers.</summary>
    public static string Bytes { get; } = JsonSerializer.Serialize(new
    {
        type = "BPE",
        vocab = Golden.Json(Golden.Find("tokenizer_tiny/tokenizer.json"))["model"]!["vocab"]!.AsObject()
            .Where(pair => pair.Key.Length == 1).ToDictionary(pair => pair.Key, pair => (int)pair.Value!),
        merges = Array.Empty<string>(),
    });

    /// <summary>A tokenizer file of these parts, each as JSON.</summary>
    public static JsonObject File(string model, string normalizer = "null", string preTokenizer = "null", string postProcessor = "null", string decoder = "null", string addedTokens = "[]") => new()
    {
        ["version"] = "1.0",
        ["added_tokens"] = JsonNode.Parse(addedTokens),
        ["normalizer"] = JsonNode.Parse(normalizer),
        ["pre_tokenizer"] = JsonNode.Parse(preTokenizer),
        ["post_processor"] = JsonNode.Parse(postProcessor),
        ["decoder"] = JsonNode.Parse(decoder),
        ["model"] = JsonNode.Parse(model),
    };

    /// <summary>Reads a tokenizer from the text of its files.</summary>
    public static Tokenizer Load(string file, string? config = null, string configName = "tokenizer_config.json")
    {
        string directory = Directory.CreateTempSubdirectory("rlt-tokenizer-").FullName;
        try
        {
            System.IO.File.WriteAllText(Path.Combine(directory, "tokenizer.json"), file);
            if (config is not null)
            {
                System.IO.File.WriteAllText(Path.Combine(directory, configName), config);
            }

            return Tokenizer.Load(directory);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>Reads a tokenizer of these parts.</summary>
    public static Tokenizer Load(JsonObject file) => Load(file.ToJsonString());

    /// <summary>The parts of a text that become tokens.</summary>
    public static string[] Pieces(this Tokenizer tokenizer, string text) =>
        [.. tokenizer.Encode(text).Offsets.Select(span => text[span.Start..span.End])];

    /// <summary>The parts of a text that a pre-tokenizer makes.</summary>
    public static string[] Split(string preTokenizer, string text) => Load(File(Words, preTokenizer: preTokenizer)).Pieces(text);

    /// <summary>What a normalizer makes of a text.</summary>
    public static string Normalize(string normalizer, string text)
    {
        const string byteLevel = """{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}""";
        var tokenizer = Load(File(Bytes, normalizer, byteLevel, decoder: byteLevel));
        return tokenizer.Decode(tokenizer.Encode(text).Ids);
    }
}
