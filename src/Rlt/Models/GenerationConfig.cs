using System.Text.Json;
using System.Text.Json.Nodes;
using Rlt.Files;

namespace Rlt.Models;

/// <summary>The stop tokens of a model directory's generation_config.json, which every tool that generates reads.</summary>
public static class GenerationConfig
{
    private const string EosKey = "eos_token_id";
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true };

    /// <summary>The file's stop tokens; none where there is no file, or no such key.</summary>
    /// <exception cref="CheckpointException">The file is no JSON object.</exception>
    public static IReadOnlyList<int> StopIds(string directory) => Ids(Read(directory)?[EosKey]);

    /// <summary>Lists a stop token in the file beside those that it has.</summary>
    /// <param name="directory">The model directory; the file is made where it is not there.</param>
    /// <param name="own">The model's stop tokens where the file names none.</param>
    /// <param name="stop">The token to list.</param>
    public static void AddStop(string directory, IReadOnlyList<int> own, int stop)
    {
        JsonObject config = Read(directory) ?? [];
        IReadOnlyList<int> listed = Ids(config[EosKey]) is { Length: > 0 } ids ? ids : own;
        if (listed.Contains(stop))
        {
            return;
        }

        config[EosKey] = new JsonArray([.. listed.Append(stop).Select(id => JsonValue.Create(id))]);
        AtomicFile.WriteText(Path.Combine(directory, ModelConfig.GenerationFileName), config.ToJsonString(Readable) + "\n");
    }

    private static JsonObject? Read(string directory)
    {
        string path = Path.Combine(directory, ModelConfig.GenerationFileName);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            return JsonObject.Create(StrictJson.Parse(WholeFile.Bytes(path)))!;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: the file is no JSON object: {error.Message} Copy it from the model again.", error);
        }
    }

    private static int[] Ids(JsonNode? node) => node switch
    {
        JsonArray list => [.. list.SelectMany(Ids)],
        JsonValue value when value.TryGetValue(out int id) => [id],
        _ => [],
    };
}
