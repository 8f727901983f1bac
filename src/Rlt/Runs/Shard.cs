using System.Globalization;
using System.Text.RegularExpressions;

namespace Rlt.Runs;

/// <summary>A part of a run's questions, neighbours in the data: the i-th of n, which differ in size by one at most.</summary>
/// <param name="Number">Which, from 1.</param>
/// <param name="Count">Of how many.</param>
public sealed partial record Shard(int Number, int Count)
{
    /// <summary>All of them.</summary>
    public static Shard Whole { get; } = new(1, 1);

    /// <summary>What a command line says: 3/8.</summary>
    /// <exception cref="ConfigException">It says something else.</exception>
    public static Shard Parse(string text)
    {
        Match parts = Written().Match(text);
        return parts.Success && new Shard(Value(parts, 1), Value(parts, 2)) is var shard && shard.Number >= 1 && shard.Number <= shard.Count ? shard
            : throw new ConfigException($"--shard is '{text}'; expected I/N, the I-th of N parts, such as 1/8 to 8/8.");
    }

    /// <summary>The folder of this part's run.</summary>
    /// <param name="whole">That of the whole.</param>
    public string Folder(string whole) =>
        Count == 1 ? whole : string.Create(CultureInfo.InvariantCulture, $"{Path.TrimEndingDirectorySeparator(whole)}.shard-{Number}-of-{Count}");

    /// <summary>The parts of a run whose folders are there: all of the same number of parts.</summary>
    /// <param name="whole">The whole run's folder.</param>
    /// <exception cref="ConfigException">There is none, or one is missing.</exception>
    public static IReadOnlyList<Shard> Of(string whole)
    {
        string full = Path.GetFullPath(Path.TrimEndingDirectorySeparator(whole)), name = Path.GetFileName(full);
        string parent = Path.GetDirectoryName(full)!;
        Shard[] found = [.. (Directory.Exists(parent) ? Directory.EnumerateDirectories(parent, name + ".shard-*") : [])
            .Select(path => InName().Match(Path.GetFileName(path)[name.Length..]))
            .Where(parts => parts.Success).Select(parts => new Shard(Value(parts, 1), Value(parts, 2))).OrderBy(shard => shard.Number)];
        int[] counts = [.. found.Select(shard => shard.Count).Distinct()];
        if (counts is not [var count])
        {
            throw new ConfigException(found.Length == 0
                ? $"{whole}: there is no folder {name}.shard-1-of-N beside it. Give the --out that the runs with --shard had."
                : $"{whole}: there are shards of {string.Join(" and of ", counts.Order())} beside it; delete those of the runs that do not count.");
        }

        int[] missing = [.. Enumerable.Range(1, count).Except(found.Select(shard => shard.Number))];
        return missing.Length == 0 ? found : throw new ConfigException(
            $"{whole}: of {count} shards {string.Join(", ", missing)} {(missing.Length == 1 ? "is" : "are")} missing. "
                + $"Run {(missing.Length == 1 ? "it" : "them")}: --shard {missing[0]}/{count}");
    }

    /// <summary>The places of this part's questions among all.</summary>
    /// <exception cref="DataException">There are fewer questions than parts.</exception>
    public (int First, int Count) Of(int questions) => questions >= Count
        ? ((int)((long)questions * (Number - 1) / Count), (int)((long)questions * Number / Count) - (int)((long)questions * (Number - 1) / Count))
        : throw new DataException($"{questions} questions cannot be split among {Count} shards. Use {questions} or fewer.");

    private static int Value(Match parts, int group) =>
        int.TryParse(parts.Groups[group].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : 0;

    [GeneratedRegex(@"^([0-9]+)/([0-9]+)\z")]
    private static partial Regex Written();

    [GeneratedRegex(@"^\.shard-([0-9]+)-of-([0-9]+)\z")]
    private static partial Regex InName();
}
