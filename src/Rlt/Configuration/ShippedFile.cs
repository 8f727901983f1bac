namespace Rlt.Configuration;

/// <summary>Files that come with the program and are called by name, or a user's own in their place.</summary>
internal static class ShippedFile
{
    /// <summary>Reads one.</summary>
    /// <param name="kind">What it is, for messages: "format". The shipped ones are in the folder of that name's plural.</param>
    /// <param name="nameOrPath">A shipped one's name, or a file's path.</param>
    /// <exception cref="ConfigException">There is none of the name, or the file cannot be used.</exception>
    public static T Load<T>(string kind, string nameOrPath)
        where T : class
    {
        return Find(kind, nameOrPath) is { } file
            ? ConfigLoader.Load<T>(file, [])
            : throw new ConfigException($"{kind}: '{nameOrPath}' is neither a file nor a shipped {kind}; expected a path, or one of "
                + $"{string.Join(", ", Directory.GetFiles(Folder(kind), "*.yaml").Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal))}.");
    }

    /// <summary>The file that is meant; null where there is none.</summary>
    /// <inheritdoc cref="Load{T}"/>
    public static string? Find(string kind, string nameOrPath) =>
        new[] { nameOrPath, Path.Combine(Folder(kind), nameOrPath + ".yaml") }.FirstOrDefault(File.Exists);

    private static string Folder(string kind) => Path.Combine(AppContext.BaseDirectory, kind + "s");
}
