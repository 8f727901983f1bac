namespace Rlt.Hub;

/// <summary>What a user's text for a model or data leads to: an existing path, else the Hub's repository of that id, from the cache or downloaded.</summary>
public static class HubPath
{
    /// <summary>A model's directory; of one on the Hub without its weights, which <see cref="RequireWeights"/> brings. What is no id stays as it is.</summary>
    /// <exception cref="HubException">There is no such path, and as an id it cannot be used: the message has both.</exception>
    public static string Model(string text) => Resolve(HubKind.Model, text, "folder", new ModelTextParts());

    /// <summary>A data file, or a data set's folder. What is no id stays as it is.</summary>
    /// <param name="text">The path or the id.</param>
    /// <param name="subset">Of an id, the subset; null: the only or the default one.</param>
    /// <param name="split">Of an id, the split; null: the only one.</param>
    /// <inheritdoc cref="Model"/>
    public static string Data(string text, string? subset = null, string? split = null) =>
        Resolve(HubKind.Dataset, text, "file or folder", new DataParts(subset, split));

    /// <summary>Downloads the weights that belong to a model's directory in the cache, where they are not there; does nothing for other directories.</summary>
    /// <exception cref="HubException">They are not to be had.</exception>
    public static void RequireWeights(string directory)
    {
        var fetch = new HubFetch(HubSettings.FromEnvironment());
        var weights = new WeightParts();
        if (fetch.IdOf(directory) is { } id && !weights.AreIn(directory))
        {
            Named(id, () => fetch.Snapshot(id, weights));
        }
    }

    /// <summary>Brings a repository into the cache, as the Hub has it now.</summary>
    /// <param name="id">The repository.</param>
    /// <param name="subset">Of a data set, the subset; null: the only or the default one.</param>
    /// <param name="split">Of a data set, the split; null: the only one.</param>
    /// <returns>Its folder.</returns>
    /// <exception cref="HubException">It is not to be had.</exception>
    public static string Download(HubId id, string? subset, string? split)
    {
        var fetch = new HubFetch(HubSettings.FromEnvironment());
        IHubParts[] all = id.Kind == HubKind.Model ? [new ModelTextParts(), new WeightParts()] : [new DataParts(subset, split)];
        return all.Select(parts => Named(id, () => fetch.Snapshot(id, parts, newest: true))).ToArray()[^1];
    }

    /// <summary>The id, "org/name@commit", of a directory in the cache; another path as it is. So it is the same on another machine.</summary>
    public static string Shown(string path) => IdOf(path)?.ToString() ?? path;

    /// <summary>The repository whose directory in the cache a path is; null for other paths.</summary>
    public static HubId? IdOf(string path) => new HubFetch(HubSettings.FromEnvironment()).IdOf(path);

    private static string Resolve(HubKind kind, string text, string what, IHubParts parts)
    {
        if (Path.Exists(text) || HubId.TryParse(kind, text) is not { } id)
        {
            return text;
        }

        // A path that is mistyped is no other's business.
        HubSettings settings = HubSettings.FromEnvironment();
        bool isPath = Directory.Exists(text.Split('/')[0]);
        try
        {
            return new HubFetch(isPath ? settings with { IsOffline = true } : settings).Snapshot(id, parts);
        }
        catch (HubException error)
        {
            string type = kind == HubKind.Dataset ? " --type dataset" : "";
            string reading = !isPath ? error.Message
                : $"it is not in the cache, and not asked for, since the folder '{text.Split('/')[0]}' is here (rlt download {text}{type} brings it)";
            throw new HubException($"{text}: there is no such {what} here ({Path.GetFullPath(text)}), and as a {id.What} of the Hub: {reading}.", error);
        }
    }

    private static string Named(HubId id, Func<string> fetch)
    {
        try
        {
            return fetch();
        }
        catch (HubException error)
        {
            throw new HubException($"{id}: {error.Message}.", error);
        }
    }
}
