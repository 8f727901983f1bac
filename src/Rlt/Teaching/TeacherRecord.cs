using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rlt.Configuration;
using Rlt.Teaching.Rewards;

namespace Rlt.Teaching;

/// <summary>How a teacher was trained, in a file of its model directory, so that its explanations are collected and scored in the same way.</summary>
public sealed record TeacherRecord
{
    /// <summary>The file's name.</summary>
    public const string FileName = "rlt_teacher.json";

    private const int FingerprintBytes = 1 << 20;

    private static readonly JsonSerializerOptions Written =
        new(ConfigSchema.Options) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The format's name or file, as the training named it.</summary>
    public required string Format { get; init; }

    /// <summary>What the format held.</summary>
    public required PromptFormat Tags { get; init; }

    /// <summary>The reward.</summary>
    public required RewardOptions Reward { get; init; }

    /// <summary>The directory of the student that rewarded it.</summary>
    public required string Student { get; init; }

    /// <summary>The student's <see cref="Fingerprint"/>.</summary>
    public required string StudentSha256 { get; init; }

    /// <summary>The record of a model directory; null where it has none.</summary>
    /// <exception cref="ConfigException">The file is damaged.</exception>
    public static TeacherRecord? Read(string directory)
    {
        // JSON is YAML too: one reader checks both.
        string path = Path.Combine(directory, FileName);
        return File.Exists(path) ? ConfigLoader.Load<TeacherRecord>(path, []) : null;
    }

    /// <summary>
    /// SHA-256 of what tells models apart without reading all of them: config.json, and of each file of weights its name, length, first and last MiB.
    /// </summary>
    public static string Fingerprint(string directory)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        string[] weights = [.. Directory.EnumerateFiles(directory, "*.safetensors").Order(StringComparer.Ordinal)];
        foreach (string path in weights.Prepend(Path.Combine(directory, "config.json")).Where(File.Exists))
        {
            using FileStream file = File.OpenRead(path);
            hash.AppendData(Encoding.UTF8.GetBytes($"{Path.GetFileName(path)} {file.Length}\n"));
            byte[] part = new byte[(int)Math.Min(file.Length, FingerprintBytes)];
            file.ReadExactly(part);
            hash.AppendData(part);
            file.Seek(-part.Length, SeekOrigin.End);
            file.ReadExactly(part);
            hash.AppendData(part);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The file's text.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Written) + "\n";

    /// <summary>The settings in which two records or sections differ, "think_kl.mean 1 there, 3 here"; texts that are long by their name alone.</summary>
    /// <param name="there">How the teacher was trained.</param>
    /// <param name="here">How it is used.</param>
    public static IReadOnlyList<string> Differences<T>(T there, T here)
        where T : class =>
        [.. Differences(JsonSerializer.SerializeToNode(there, ConfigSchema.Options), JsonSerializer.SerializeToNode(here, ConfigSchema.Options), "")];

    private static IEnumerable<string> Differences(JsonNode? there, JsonNode? here, string key)
    {
        const int LongText = 40;
        if (there is JsonObject one && here is JsonObject other)
        {
            return one.SelectMany(pair => Differences(pair.Value, other[pair.Key], key.Length == 0 ? pair.Key : $"{key}.{pair.Key}"));
        }

        (string before, string after) = (there?.ToJsonString() ?? "null", here?.ToJsonString() ?? "null");
        return before == after ? [] : [before.Length + after.Length > LongText ? key : $"{key} {before} there, {after} here"];
    }
}
