using Rlt.Hub;

namespace Rlt.Configuration;

/// <summary>The folder that a config file's paths are relative to.</summary>
/// <param name="Path">The folder.</param>
/// <param name="Shipped">For a shipped config that was called by its name, its own folder: there is what the program brings along; else null.</param>
/// <remarks>
/// Earlier versions took all paths from the working directory. What is there alone is still used, with a word on how to write it, so that
/// those configs and the runs they began go on.
/// </remarks>
internal sealed record ConfigFolder(string Path, string? Shipped = null)
{
    private static readonly string[] RunFiles = [".lock", "log.txt", "metrics.jsonl", "run.json"];

    /// <summary>The folder of a config file; that of a run's own config is the one in which the run was started.</summary>
    public static ConfigFolder Of(string file)
    {
        string folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(file))!;
        bool isOfARun = System.IO.Path.GetFileName(file) == "config.yaml" && RunFiles.Any(name => File.Exists(System.IO.Path.Combine(folder, name)));
        return new ConfigFolder(isOfARun ? Directory.GetCurrentDirectory() : folder);
    }

    /// <summary>The folder of a config that this one's is built on.</summary>
    public ConfigFolder At(string relative) =>
        new(System.IO.Path.GetFullPath(System.IO.Path.Combine(Path, relative)), Shipped is null ? null : System.IO.Path.Combine(Shipped, relative));

    /// <summary>Where a path of the config leads: relative to the working directory where it is below that, else the whole path.</summary>
    /// <param name="text">The path as it was written.</param>
    /// <param name="kind">What it names.</param>
    /// <param name="note">What to tell the user of it; null for nothing.</param>
    public string Resolve(string text, PathKind kind, out string? note)
    {
        note = null;
        if (text.Length == 0 || System.IO.Path.IsPathRooted(text))
        {
            return text;
        }

        string here = System.IO.Path.GetFullPath(System.IO.Path.Combine(Path, text));
        if (IsThere(here, kind))
        {
            return Shown(here);
        }

        string working = System.IO.Path.GetFullPath(text);
        if (working != here && IsThere(working, kind))
        {
            string written = System.IO.Path.GetRelativePath(Path, working);
            note = $"is '{text}', which is in the working directory and not in the config's folder ({Path}); it is used. Write '{written}', or give it on the command line";
            return Shown(working);
        }

        if (Shipped is not null && System.IO.Path.GetFullPath(System.IO.Path.Combine(Shipped, text)) is var brought && IsThere(brought, kind))
        {
            return brought;
        }

        bool isName = kind switch
        {
            PathKind.FileOrName => true,
            PathKind.Model => (text.Count(c => c == '/') <= 1 && !text.StartsWith('.')) || HubId.TryParse(HubKind.Model, text) is not null,
            PathKind.Data => HubId.TryParse(HubKind.Dataset, text) is not null,
            _ => false,
        };
        return isName ? text : Shown(here);
    }

    // A folder that is no run's is none to go on with.
    private static bool IsThere(string path, PathKind kind) => kind switch
    {
        PathKind.Run => File.Exists(System.IO.Path.Combine(path, "config.yaml")),
        PathKind.FileOrName => File.Exists(path),
        PathKind.Model => Directory.Exists(path),
        _ => File.Exists(path) || Directory.Exists(path),
    };

    private static string Shown(string path)
    {
        string relative = System.IO.Path.GetRelativePath(Directory.GetCurrentDirectory(), path);
        return relative.StartsWith("..", StringComparison.Ordinal) ? path : relative;
    }
}
