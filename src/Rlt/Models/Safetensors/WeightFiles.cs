using System.Text.Json;

namespace Rlt.Models.Safetensors;

/// <summary>The weights of a model directory: <c>model.safetensors</c>, or the shards that <c>model.safetensors.index.json</c> names.</summary>
/// <remarks>Where both are present the single file is used, as transformers does. The index's "total_size" is not relied on.</remarks>
public sealed class WeightFiles : IDisposable
{
    /// <summary>The name of an unsharded model's file.</summary>
    public const string SingleFileName = "model.safetensors";

    /// <summary>The name of the file that lists a sharded model's tensors.</summary>
    public const string IndexFileName = "model.safetensors.index.json";

    private const int MaxNamed = 5;
    private readonly List<SafetensorsFile> _files = [];
    private readonly Dictionary<string, (SafetensorsFile File, TensorEntry Entry)> _entries = [];

    private WeightFiles(string directory) => Directory = directory;

    /// <summary>The model's directory.</summary>
    public string Directory { get; }

    /// <summary>Every tensor by name, with the file that holds it.</summary>
    public IReadOnlyDictionary<string, (SafetensorsFile File, TensorEntry Entry)> Entries => _entries;

    /// <summary>Opens and checks all weight files of a directory.</summary>
    /// <exception cref="CheckpointException">Weights are absent, damaged, or are not those the index lists.</exception>
    public static WeightFiles Open(string directory)
    {
        var weights = new WeightFiles(directory);
        try
        {
            weights.OpenAll();
            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>Closes all files; pointers into them end here.</summary>
    public void Dispose() => _files.ForEach(file => file.Dispose());

    private void OpenAll()
    {
        string single = Path.Combine(Directory, SingleFileName);
        string index = Path.Combine(Directory, IndexFileName);
        if (File.Exists(single))
        {
            Add(SafetensorsFile.Open(single));
        }
        else if (File.Exists(index))
        {
            OpenShards(index);
        }
        else
        {
            bool pickled = System.IO.Directory.Exists(Directory) && System.IO.Directory.EnumerateFiles(Directory, "pytorch_model*.bin").Any();
            string hint = pickled ? " It has pytorch_model.bin weights; save them again as safetensors." : " Is it a model's directory?";
            throw new CheckpointException($"{Directory}: no weights; expected {SingleFileName} or {IndexFileName}.{hint}");
        }
    }

    private void Add(SafetensorsFile file)
    {
        _files.Add(file);
        foreach (TensorEntry entry in file.Entries.Values)
        {
            _entries.Add(entry.Name, (file, entry));
        }
    }

    private void OpenShards(string index)
    {
        Dictionary<string, string> shardOf = ReadIndex(index);
        foreach (IGrouping<string, KeyValuePair<string, string>> shard in shardOf.GroupBy(pair => pair.Value))
        {
            string path = Path.Combine(Directory, shard.Key);
            if (!File.Exists(path))
            {
                throw new CheckpointException($"{index}: '{shard.First().Key}' is in '{shard.Key}', and {path} does not exist. Fetch the missing file.");
            }

            SafetensorsFile file = SafetensorsFile.Open(path);
            _files.Add(file);
            HashSet<string> listed = shard.Select(pair => pair.Key).ToHashSet();
            RefuseDifference(path, "lacks", listed.Where(name => !file.Entries.ContainsKey(name)));
            RefuseDifference(path, "also holds", file.Entries.Keys.Where(name => !listed.Contains(name)));
            foreach (string name in listed)
            {
                _entries.Add(name, (file, file.Entries[name]));
            }
        }
    }

    private static void RefuseDifference(string shard, string verb, IEnumerable<string> names)
    {
        List<string> all = names.Order(StringComparer.Ordinal).ToList();
        if (all.Count > 0)
        {
            string shown = string.Join(", ", all.Take(MaxNamed).Select(name => $"'{name}'"));
            string more = all.Count > MaxNamed ? $" and {all.Count - MaxNamed} more" : "";
            throw new CheckpointException(
                $"{shard}: {verb} {shown}{more}; expected exactly the tensors that {IndexFileName} lists for it. The files are not of one download.");
        }
    }

    private static Dictionary<string, string> ReadIndex(string index)
    {
        JsonElement root;
        try
        {
            root = StrictJson.Parse(WholeFile.Bytes(index));
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{index}: cannot be read: {error.Message}", error);
        }

        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("weight_map", out JsonElement map) || map.ValueKind != JsonValueKind.Object)
        {
            throw new CheckpointException($"{index}: no \"weight_map\" object; expected one from tensor names to shard file names.");
        }

        var shardOf = new Dictionary<string, string>();
        foreach (JsonProperty property in map.EnumerateObject())
        {
            string? shard = property.Value.ValueKind == JsonValueKind.String ? property.Value.GetString() : null;
            shardOf.Add(property.Name, IsPlainFileName(shard) ? shard! : throw new CheckpointException(
                $"{index}: '{property.Name}' is in {property.Value.GetRawText()}; expected the plain name of a file beside the index."));
        }

        return shardOf.Count > 0 ? shardOf : throw new CheckpointException($"{index}: \"weight_map\" is empty; expected the model's tensors.");
    }

    private static bool IsPlainFileName(string? name) =>
        !string.IsNullOrEmpty(name) && name is not ("." or "..") && name.AsSpan().IndexOfAny('/', '\\', '\0') < 0 && !Path.IsPathRooted(name)
            && !name.Contains(':');
}
