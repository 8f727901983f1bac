using System.Text.RegularExpressions;

namespace Rlt.Hub;

/// <summary>What a repository of the Hub holds.</summary>
public enum HubKind
{
    /// <summary>A model.</summary>
    Model,

    /// <summary>A data set.</summary>
    Dataset,
}

/// <summary>A repository of the Hub at a revision: "org/name" or "org/name@revision".</summary>
/// <param name="Kind">What it holds.</param>
/// <param name="Name">"org/name".</param>
/// <param name="Revision">A branch, a tag or a commit.</param>
public sealed partial record HubId(HubKind Kind, string Name, string Revision)
{
    /// <summary>The revision where none is named.</summary>
    public const string DefaultRevision = "main";

    // Names of files that are not there are no names of repositories.
    private static readonly string[] FileEndings = [".jsonl", ".ndjson", ".json", ".csv", ".parquet", ".yaml", ".yml", ".safetensors", ".gguf", ".txt"];

    /// <summary>Is the revision a commit, which never changes.</summary>
    public bool IsCommit => IsCommitHash(Revision);

    /// <summary>"model" or "data set".</summary>
    public string What => Kind == HubKind.Model ? "model" : "data set";

    /// <summary>The name of its folder in the cache.</summary>
    public string FolderName => $"{Plural}--{Name.Replace("/", "--", StringComparison.Ordinal)}";

    /// <summary>Its place below the endpoint's api.</summary>
    public string ApiPath => $"{Plural}/{Name}";

    /// <summary>Its place below the endpoint.</summary>
    public string WebPath => Kind == HubKind.Model ? Name : $"{Plural}/{Name}";

    private string Plural => Kind == HubKind.Model ? "models" : "datasets";

    /// <summary>The repository that a text names; null where it has not the form of an id.</summary>
    public static HubId? TryParse(HubKind kind, string text) =>
        Form().Match(text) is { Success: true } match && !FileEndings.Any(end => match.Groups[1].Value.EndsWith(end, StringComparison.OrdinalIgnoreCase))
            ? new HubId(kind, match.Groups[1].Value, match.Groups[2].Success ? match.Groups[2].Value : DefaultRevision) : null;

    /// <summary>Is the text a commit's hash.</summary>
    public static bool IsCommitHash(string text) => text.Length == 40 && text.All(char.IsAsciiHexDigitLower);

    /// <inheritdoc/>
    public override string ToString() => Revision == DefaultRevision ? Name : $"{Name}@{Revision}";

    // A revision may have slashes (refs/pr/1), as its place in the cache then has.
    [GeneratedRegex(@"^([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?:@((?!\.)[\w.+-]+(?:/(?!\.)[\w.+-]+)*))?\z", RegexOptions.ECMAScript)]
    private static partial Regex Form();
}
