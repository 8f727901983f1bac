namespace Rlt.Hub;

/// <summary>Snapshots of repositories: from the cache where it has what is needed, else from the Hub.</summary>
internal sealed class HubFetch(HubSettings settings)
{
    private readonly HubCache _cache = new(settings.Cache);

    /// <summary>The folder that has the wanted files of a repository.</summary>
    /// <param name="id">The repository.</param>
    /// <param name="parts">The files.</param>
    /// <param name="newest">Whether the Hub is asked what the revision is now, although the cache has one.</param>
    /// <exception cref="HubException">They are neither here nor to be had.</exception>
    public string Snapshot(HubId id, IHubParts parts, bool newest = false)
    {
        string? here = _cache.Commit(id) is { } commit ? _cache.Snapshot(id, commit) : null;
        bool isHere = here is not null && parts.AreIn(here);
        if (isHere && (settings.IsOffline || (!newest && !parts.MayBeMore(here!))))
        {
            return here!;
        }

        if (settings.IsOffline)
        {
            throw new HubException($"the cache ({settings.Cache}) has it {(here is null ? "not" : "in part only")}, and HF_HUB_OFFLINE is set");
        }

        try
        {
            return DownloadAsync(id, parts).GetAwaiter().GetResult();
        }
        catch (HubException error) when (error.IsUnreachable && isHere)
        {
            Transfer.Said?.Invoke($"{error.Message}; {id} is taken as the cache has it");
            return here!;
        }
    }

    /// <inheritdoc cref="HubCache.IdOf"/>
    public HubId? IdOf(string folder) => _cache.IdOf(folder);

    private async Task<string> DownloadAsync(HubId id, IHubParts parts)
    {
        using var client = new HubClient(settings);
        string commit = id.IsCommit ? id.Revision : await client.CommitAsync(id).ConfigureAwait(false);
        IReadOnlyList<HubFile> files = await client.FilesAsync(id, commit).ConfigureAwait(false);
        string snapshot = _cache.Snapshot(id, commit);
        var download = new HubDownload(settings, _cache, client);
        HubFile[] first = [.. parts.First(files)];
        await download.RunAsync(id, commit, first).ConfigureAwait(false);
        _cache.LinkFiles(id, commit, first);
        HubFile[] chosen = [.. parts.Choose(id, files, snapshot)];
        await download.RunAsync(id, commit, chosen).ConfigureAwait(false);

        // All at once: a snapshot that has some of them has them all.
        _cache.LinkFiles(id, commit, chosen);
        _cache.Refer(id, commit);
        return snapshot;
    }
}
