using Rlt.Evaluation;
using Rlt.Runs;

namespace Rlt.Reports;

/// <summary>Finds the runs that are meant by a folder of runs.</summary>
public static class RunFolders
{
    private const int Depth = 3;
    private static readonly string[] RunFiles = [RunFolder.ConfigFile, RunFolder.MetricsFile, .. ReportRun.SampleFiles, Evaluator.SummaryName];

    /// <summary>The arguments, each folder of runs replaced by the runs in it, in the order of their names.</summary>
    /// <param name="arguments">Paths, or NAME=PATH; the runs of a named folder are called NAME/RUN.</param>
    public static IEnumerable<string> Expand(IEnumerable<string> arguments) => arguments.SelectMany(argument =>
    {
        (string? name, string path) = Named(argument);
        if (!Directory.Exists(path) || IsRun(path))
        {
            return [argument];
        }

        string[] runs = [.. Below(path, Depth)];
        return runs.Length == 0 ? [argument] : runs.Select(run => $"{(name is null ? "" : name + "/")}{Path.GetRelativePath(path, run)}={run}");
    });

    /// <summary>A run's path, and how it is called; null where the argument does not say.</summary>
    /// <param name="argument">PATH, or NAME=PATH.</param>
    internal static (string? Name, string Path) Named(string argument) =>
        argument.Split('=', 2) is [var name, var path] ? (name, path) : (null, argument);

    private static bool IsRun(string folder) => RunFiles.Any(file => File.Exists(Path.Combine(folder, file)));

    private static IEnumerable<string> Below(string folder, int depth) => depth == 0
        ? []
        : Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal).SelectMany(inner => IsRun(inner) ? [inner] : Below(inner, depth - 1));
}
