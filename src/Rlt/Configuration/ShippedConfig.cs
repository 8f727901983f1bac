namespace Rlt.Configuration;

/// <summary>The configs that come with the program, called by name from anywhere: "small/teacher".</summary>
internal static class ShippedConfig
{
    private static readonly string[] Kinds = ["small", "paper", "rewards"];

    private static string Root => Path.Combine(AppContext.BaseDirectory, "configs");

    /// <summary>The names.</summary>
    public static IEnumerable<string> Names => Kinds.Select(kind => Path.Combine(Root, kind)).Where(Directory.Exists)
        .SelectMany(folder => Directory.EnumerateFiles(folder, "*.yaml"))
        .Select(file => Path.ChangeExtension(Path.GetRelativePath(Root, file), null))
        .Order(StringComparer.Ordinal);

    /// <summary>The file of a config, and the folder that its paths are relative to: a shipped one's as if it stood in configs/ of the working directory.</summary>
    /// <param name="nameOrPath">A file's path, or a shipped config's name.</param>
    /// <exception cref="ConfigException">There is neither.</exception>
    public static (string File, ConfigFolder Folder) Find(string nameOrPath)
    {
        if (File.Exists(nameOrPath) || Directory.Exists(nameOrPath))
        {
            return (nameOrPath, ConfigFolder.Of(nameOrPath));
        }

        string name = nameOrPath.EndsWith(".yaml", StringComparison.Ordinal) ? nameOrPath[..^".yaml".Length] : nameOrPath;
        name = name.StartsWith("configs/", StringComparison.Ordinal) ? name["configs/".Length..] : name;
        if (Names.Contains(name))
        {
            string file = Path.Combine(Root, name + ".yaml");
            return (file, new ConfigFolder(Path.GetFullPath(Path.GetDirectoryName(Path.Combine("configs", name))!), Path.GetDirectoryName(file)));
        }

        string expected = NearestKey.Find(name, Names) is { } near ? $"did you mean '{near}'?" : $"shipped are {string.Join(", ", Names)}.";
        throw new ConfigException($"{nameOrPath}: cannot be read: there is no such file, and no shipped config of that name; {expected}");
    }
}
