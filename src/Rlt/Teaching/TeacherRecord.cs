using System.Text.Encodings.Web;
using System.Text.Json;
using Rlt.Configuration;
using Rlt.Configuration.Resuming;
using Rlt.Runs;
using Rlt.Teaching.Rewards;

namespace Rlt.Teaching;

/// <summary>How a teacher was trained, in a file of its model directory, so that its explanations are collected and scored in the same way.</summary>
public sealed record TeacherRecord
{
    /// <summary>The file's name.</summary>
    public const string FileName = "rlt_teacher.json";

    private const int LongText = 40;

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

    /// <summary>The student's <see cref="Fingerprint.OfModel"/>.</summary>
    public required string StudentSha256 { get; init; }

    /// <summary>The record of a model directory; null where it has none.</summary>
    /// <exception cref="ConfigException">The file is damaged.</exception>
    public static TeacherRecord? Read(string directory)
    {
        // JSON is YAML too: one reader checks both.
        string path = Path.Combine(directory, FileName);
        return File.Exists(path) ? ConfigLoader.Load<TeacherRecord>(path, []) : null;
    }

    /// <summary>The file's text.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Written) + "\n";

    /// <summary>The settings in which two records or sections differ, "think_kl.mean 1 there, 3 here"; texts that are long by their name alone.</summary>
    /// <param name="there">How the teacher was trained.</param>
    /// <param name="here">How it is used.</param>
    public static IReadOnlyList<string> Differences<T>(T there, T here)
        where T : class => [.. ConfigChange.Between(there, here)
            .Select(change => change.Before.Length + change.Now.Length > LongText ? change.Key : $"{change.Key} {change.Before} there, {change.Now} here")];
}
