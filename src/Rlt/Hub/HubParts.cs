using System.Text.Json;
using Rlt.Data;

namespace Rlt.Hub;

/// <summary>Some files of a repository: which they are, and whether a snapshot has them.</summary>
internal interface IHubParts
{
    /// <summary>Has the snapshot all of them, as far as can be told without asking.</summary>
    bool AreIn(string snapshot);

    /// <summary>Need the Hub be asked, although the snapshot has all that can be told: it may have more.</summary>
    bool MayBeMore(string snapshot);

    /// <summary>The files to have first, on which the choice depends.</summary>
    IEnumerable<HubFile> First(IReadOnlyList<HubFile> files);

    /// <summary>All of them.</summary>
    /// <param name="id">The repository, for messages.</param>
    /// <param name="files">The repository's files.</param>
    /// <param name="snapshot">Where those of <see cref="First"/> are.</param>
    /// <exception cref="HubException">They are not there.</exception>
    IEnumerable<HubFile> Choose(HubId id, IReadOnlyList<HubFile> files, string snapshot);
}

/// <summary>Config, tokenizer and chat template of a model or of adapters: all that a run needs before weights.</summary>
internal sealed record ModelTextParts : IHubParts
{
    /// <summary>What belongs to a model beside its config and weights, and goes with it wherever it is saved.</summary>
    public static readonly string[] Companions =
    [
        "tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
        "chat_template.jinja", "chat_template.json", "generation_config.json", "preprocessor_config.json", "processor_config.json",
        "video_preprocessor_config.json",
    ];

    private static readonly string[] Names = ["config.json", "adapter_config.json", "rlt_teacher.json", "model.safetensors.index.json", .. Companions];

    /// <inheritdoc/>
    public bool AreIn(string snapshot) => File.Exists(Path.Combine(snapshot, "adapter_config.json"))
        || (File.Exists(Path.Combine(snapshot, "config.json")) && File.Exists(Path.Combine(snapshot, "tokenizer.json")));

    /// <inheritdoc/>
    public bool MayBeMore(string snapshot) => false;

    /// <inheritdoc/>
    public IEnumerable<HubFile> First(IReadOnlyList<HubFile> files) => [];

    /// <inheritdoc/>
    public IEnumerable<HubFile> Choose(HubId id, IReadOnlyList<HubFile> files, string snapshot)
    {
        HubFile[] chosen = [.. files.Where(file => Names.Contains(file.Name))];
        return chosen.Any(file => file.Name is "config.json" or "adapter_config.json") ? chosen
            : throw new HubException($"{id} has no config.json; expected a model in the layout of transformers");
    }
}

/// <summary>The weights of a model or of adapters, as safetensors.</summary>
internal sealed record WeightParts : IHubParts
{
    private const string Index = "model.safetensors.index.json";

    private static readonly string[] Whole = ["model.safetensors", "adapter_model.safetensors"];

    /// <inheritdoc/>
    public bool AreIn(string snapshot) => Whole.Any(name => File.Exists(Path.Combine(snapshot, name)))
        || (Shards(snapshot) is { Count: > 0 } shards && shards.All(name => File.Exists(Path.Combine(snapshot, name))));

    /// <inheritdoc/>
    public bool MayBeMore(string snapshot) => false;

    /// <inheritdoc/>
    public IEnumerable<HubFile> First(IReadOnlyList<HubFile> files) => files.Where(file => file.Name == Index);

    /// <inheritdoc/>
    public IEnumerable<HubFile> Choose(HubId id, IReadOnlyList<HubFile> files, string snapshot)
    {
        HubFile[] whole = [.. files.Where(file => Whole.Contains(file.Name))];
        HashSet<string> shards = whole.Length > 0 ? [] : Shards(snapshot);
        HubFile[] chosen = whole.Length > 0 ? whole : [.. files.Where(file => shards.Contains(file.Name))];
        return chosen.Length > 0 && chosen.Length >= shards.Count ? chosen
            : throw new HubException($"{id} has no weights as safetensors (model.safetensors, or the shards that {Index} names); "
                + "expected a repository that has them");
    }

    private static HashSet<string> Shards(string snapshot)
    {
        string index = Path.Combine(snapshot, Index);
        try
        {
            return File.Exists(index) && StrictJson.Parse(WholeFile.Bytes(index)).TryGetProperty("weight_map", out JsonElement map)
                ? [.. map.EnumerateObject().Select(entry => entry.Value.GetString() ?? "")] : [];
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // What is wrong with it is told where the weights are opened.
            return [];
        }
    }
}

/// <summary>The data files of a subset and a split, with the card that says which they are.</summary>
internal sealed record DataParts(string? Subset, string? Split) : IHubParts
{
    /// <inheritdoc/>
    public bool AreIn(string snapshot)
    {
        try
        {
            return !DataSetFiles.LackAny([.. DataSetFiles.Of(snapshot).Choose(snapshot, Subset, Split)]);
        }
        catch (DataException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public bool MayBeMore(string snapshot) => !DataSetFiles.Of(snapshot).IsDeclared;

    /// <inheritdoc/>
    public IEnumerable<HubFile> First(IReadOnlyList<HubFile> files) => files.Where(file => file.Name == DataSetFiles.CardName);

    /// <inheritdoc/>
    public IEnumerable<HubFile> Choose(HubId id, IReadOnlyList<HubFile> files, string snapshot)
    {
        IReadOnlyList<string> names = new DataSetFiles(files.Select(file => file.Name), DataSetFiles.CardOf(snapshot)).Choose(id.ToString(), Subset, Split);
        return files.Where(file => names.Contains(file.Name));
    }
}
