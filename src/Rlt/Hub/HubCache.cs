using Rlt.Files;

namespace Rlt.Hub;

/// <summary>The cache of Hugging Face's tools: content once in blobs, commits as links to it in snapshots, branches and tags in refs.</summary>
/// <remarks>
/// <code>
/// models--org--name/refs/main                      the commit
/// models--org--name/blobs/HASH                     a file's content, by its etag
/// models--org--name/snapshots/COMMIT/config.json   a relative link to ../../blobs/HASH
/// .locks/models--org--name/HASH.lock               held (flock) by who downloads the blob
/// </code>
/// Source: huggingface_hub, "Understand caching".
/// </remarks>
internal sealed class HubCache(string root)
{
    private const string Snapshots = "snapshots";

    /// <summary>The folder of a repository at a commit: what other tools take for a model's directory.</summary>
    public string Snapshot(HubId id, string commit) => Path.Combine(root, id.FolderName, Snapshots, commit);

    /// <summary>Where a file's content is kept.</summary>
    public string Blob(HubId id, HubFile file) => Path.Combine(root, id.FolderName, "blobs", file.Hash);

    /// <summary>What is locked while a file is downloaded.</summary>
    public string Lock(HubId id, HubFile file) => Path.Combine(root, ".locks", id.FolderName, file.Hash + ".lock");

    /// <summary>The commit that a revision was when it was last downloaded; null where it never was.</summary>
    public string? Commit(HubId id)
    {
        string file = Ref(id);
        string? commit = id.IsCommit ? id.Revision : File.Exists(file) ? File.ReadAllText(file).Trim() : null;
        return commit is not null && HubId.IsCommitHash(commit) && Directory.Exists(Snapshot(id, commit)) ? commit : null;
    }

    /// <summary>Puts a commit's files, whose contents are there, into its snapshot.</summary>
    public void LinkFiles(HubId id, string commit, IEnumerable<HubFile> files)
    {
        string snapshot = Snapshot(id, commit);
        foreach (HubFile file in files)
        {
            string link = Path.Combine(snapshot, file.Name);
            string folder = Directory.CreateDirectory(Path.GetDirectoryName(link)!).FullName;
            string target = Path.GetRelativePath(folder, Blob(id, file));
            if (new FileInfo(link).LinkTarget == target)
            {
                continue;
            }

            // Another process may make the same link at the same time.
            string made = $"{link}.{Environment.ProcessId}.{Environment.CurrentManagedThreadId}";
            File.Delete(made);
            File.CreateSymbolicLink(made, target);
            File.Move(made, link, overwrite: true);
        }
    }

    /// <summary>Has a revision lead to a commit.</summary>
    public void Refer(HubId id, string commit)
    {
        if (!id.IsCommit)
        {
            AtomicFile.WriteText(Ref(id), commit);
        }
    }

    /// <summary>The repository and commit whose snapshot a folder is; null for any other folder.</summary>
    public HubId? IdOf(string folder)
    {
        string[] parts = Path.GetRelativePath(root, Path.GetFullPath(folder)).Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries);
        if (parts is not [var repository, Snapshots, var commit] || !HubId.IsCommitHash(commit))
        {
            return null;
        }

        string name = repository[(repository.IndexOf("--", StringComparison.Ordinal) + 2)..].Replace("--", "/", StringComparison.Ordinal);
        HubKind kind = repository.StartsWith("models--", StringComparison.Ordinal) ? HubKind.Model : HubKind.Dataset;
        return HubId.TryParse(kind, $"{name}@{commit}") is { } id && id.FolderName == repository ? id : null;
    }

    private string Ref(HubId id) => Path.Combine(root, id.FolderName, "refs", id.Revision);
}
