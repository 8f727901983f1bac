namespace Rlt.Reports;

/// <summary>Finds the runs that are meant by a folder of runs.</summary>
public static class RunFolders
{
    private const int Depth = 3;
    private static readonly string[] RunFiles = ["config.yaml", "metrics.jsonl", "samples.jsonl", "traces.jsonl", "summary.json"];

    /// <summary>The arguments, each folder of runs replaced by the runs in it, in the order of their names.</summary>
    /// <param name="arguments">Paths, or NAME=PATH; the runs of a named folder are called NAME/RUN.</param>
    public static IEnumerable<string> Expand(IEnumerable<string> arguments) => arguments.SelectMany(argument =>
    {
        (string? name, string path) = argument.Split('=', 2) is [var given, var rest] ? (given, rest) : (null, argument);
        if (!Directory.Exists(path) || IsRun(path))
        {
            return [argument];
        }

        string[] runs = [.. Below(path, Depth)];
        return runs.Length == 0 ? [argument] : runs.Select(run => $"{(name is null ? "" : name + "/")}{Path.GetRelativePath(path, run)}={run}");
    });

    private static bool IsRun(string folder) => RunFiles.Any(file => File.Exists(Path.Combine(folder, file)));

    private static IEnumerable<string> Below(string folder, int depth) => depth == 0
        ? []
        : Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal).SelectMany(inner => IsRun(inner) ? [inner] : Below(inner, depth - 1));
}
