using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;

[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Rlt.Tests;

/// <summary>Finds golden files: those of the repository, and the larger set in a <c>shared</c> folder beside it.</summary>
internal static class Golden
{
    // What the repository has copies of.
    private static readonly string[] OwnParts =
        ["models", "model_goldens", "grpo/advantages", "grpo/sampler", "grpo/selective", "grpo/loss_cases", "data_format/mask_delimiters", "tokenizer_tiny"];

    /// <summary>The repository's root directory.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>The larger golden set beside the repository; may not exist.</summary>
    public static string SharedRoot { get; } = Path.Combine(RepositoryRoot, "..", "shared", "golden");

    /// <summary>A golden file: the repository's own copy where it has one, else the shared one.</summary>
    public static string Find(string relative)
    {
        string own = Path.Combine(RepositoryRoot, "tests", "golden", relative);
        return Path.Exists(own) ? own : Path.Combine(SharedRoot, relative);
    }

    /// <summary>Why a test is skipped that needs a golden file; null where it is not.</summary>
    public static string? SkipWithout(string relative) => Path.Exists(Find(relative)) || OwnParts.Any(part => relative.StartsWith(part, StringComparison.Ordinal))
        ? null
        : $"golden/{relative} holds other people's words and is not in the repository";

    /// <summary>Reads a JSONL file, splitting at "\n" only.</summary>
    public static IEnumerable<JsonObject> Lines(string path) =>
        File.ReadAllText(path).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!.AsObject());

    /// <summary>The rows of a golden file; none where it is absent, for the parameters of a test that is skipped there.</summary>
    public static IEnumerable<JsonObject> LinesOrNone(string relative) => Path.Exists(Find(relative)) ? Lines(Find(relative)) : [];

    /// <summary>Reads a JSON file.</summary>
    public static JsonObject Json(string path) => JsonNode.Parse(File.ReadAllText(path))!.AsObject();

    /// <summary>A number that may be one of the strings "NaN", "Infinity", "-Infinity".</summary>
    public static double Number(JsonNode node) => node.GetValueKind() == JsonValueKind.String
        ? double.Parse(node.GetValue<string>(), System.Globalization.CultureInfo.InvariantCulture)
        : node.GetValue<double>();

    private static string FindRoot([CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", ".."));
}

/// <summary>A test that needs a golden file. One that the repository has no copy of is skipped, by name, where it is absent; a missing copy of the repository's fails.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class GoldenFactAttribute : FactAttribute
{
    public GoldenFactAttribute(string relative) => Skip = Golden.SkipWithout(relative);
}

/// <summary>A parametrised test that needs a golden file, as <see cref="GoldenFactAttribute"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class GoldenTheoryAttribute : TheoryAttribute
{
    public GoldenTheoryAttribute(string relative) => Skip = Golden.SkipWithout(relative);
}
