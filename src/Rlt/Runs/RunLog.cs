using System.Globalization;
using System.Text.RegularExpressions;

namespace Rlt.Runs;

/// <summary>What a run's log.txt says of its beginning, and where that was read again after a stop.</summary>
public static partial class RunLog
{
    /// <summary>The log's name in a run's directory.</summary>
    public const string FileName = "log.txt";

    /// <summary>The line with which a run begins or goes on.</summary>
    public static string Began(string name, string unit, int done, int total) =>
        done == 0 ? $"{name}: {total} {unit}s" : $"{name}: going on after {unit} {done} of {total}";

    /// <summary>After which steps the run went on; none where there is no log.</summary>
    public static IReadOnlyList<int> Resumes(string run) => File.Exists(Path.Combine(run, FileName))
        ? [.. File.ReadLines(Path.Combine(run, FileName)).Select(line => GoingOn().Match(line)).Where(match => match.Success)
            .Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture))]
        : [];

    [GeneratedRegex(@"^\S+ \S+ INF \S+: going on after \S+ (\d{1,9}) of \d+$")]
    private static partial Regex GoingOn();
}
