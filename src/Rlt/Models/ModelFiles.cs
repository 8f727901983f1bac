using Rlt.Models.Safetensors;
using Rlt.Platform;
using static TorchSharp.torch;

namespace Rlt.Models;

/// <summary>Reads decoders from Hugging Face model directories and writes them back.</summary>
public static class ModelFiles
{
    private const long MaxShardBytes = 5_000_000_000;

    // Other files of a directory that belong to the model and are copied along when it is saved.
    private static readonly string[] Companions =
    [
        "tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
        "chat_template.jinja", "chat_template.json", "generation_config.json",
    ];

    /// <summary>Reads a model.</summary>
    /// <param name="directory">Holds config.json and the safetensors files.</param>
    /// <param name="dtype">The weights' dtype; null: as Precision.Auto has it of the stored one.</param>
    /// <param name="device">Where the weights go.</param>
    /// <exception cref="CheckpointException">Files, names or shapes are not those of the config.</exception>
    public static Decoder Load(string directory, ScalarType? dtype, Device device)
    {
        ModelConfig config = ModelConfig.Load(directory);
        using WeightFiles files = WeightFiles.Open(directory);
        IReadOnlyDictionary<string, long[]> expected = WeightMap.Expected(config);
        StoredNames names = StoredNames.Of(files.Entries.Keys, expected.Keys, config);
        Check(directory, files, expected, names, config);
        ScalarType stored = files.Entries[names[StoredNames.Embedding]].Entry.Type.ToScalarType();
        ScalarType wanted = dtype ?? Precision.Auto(stored, device.type);
        var parameters = new List<Parameter>();
        foreach (string name in expected.Keys)
        {
            (SafetensorsFile file, TensorEntry entry) = files.Entries[names[name]];
            parameters.Add(new Parameter(name, TensorBytes.Read(file, entry, wanted, device)));
        }

        return new Decoder(config, parameters);
    }

    /// <summary>A model of the config with weights drawn as Hugging Face initialises them: normal with deviation 0.02, norms 1, biases 0.</summary>
    public static Decoder Random(ModelConfig config, long seed, ScalarType dtype, Device device)
    {
        using var noGrad = no_grad();
        manual_seed(seed);
        var parameters = new List<Parameter>();
        foreach ((string name, long[] shape) in WeightMap.Expected(config))
        {
            using var scope = NewDisposeScope();
            Tensor value = name.EndsWith("bias", StringComparison.Ordinal) ? zeros(shape) : shape.Length == 1 ? ones(shape) : empty(shape).normal_(0, 0.02);
            parameters.Add(new Parameter(name, value.to(dtype, device)));
        }

        return new Decoder(config, parameters);
    }

    /// <summary>Writes a model beside copies of its tokenizer's files, so that any Hugging Face tool loads the directory.</summary>
    /// <param name="model">The model.</param>
    /// <param name="directory">Created where absent.</param>
    /// <param name="tokenizerFrom">The directory whose tokenizer files are copied; null copies none.</param>
    public static void Save(Decoder model, string directory, string? tokenizerFrom)
    {
        Directory.CreateDirectory(directory);
        var byName = model.Parameters.ToDictionary(parameter => parameter.Name);
        TensorSpec[] specs = [.. model.Parameters.Select(p => new TensorSpec(p.Name, p.Value.dtype.ToStoredType(), p.Value.shape))];
        SafetensorsWriter.WriteModel(directory, specs, MaxShardBytes, (spec, stream) => TensorBytes.Write(byName[spec.Name].Value, stream));
        NameDtype(model);
        model.Config.Save(directory);
        if (tokenizerFrom is not null)
        {
            CopyTokenizer(tokenizerFrom, directory);
        }
    }

    /// <summary>Copies the tokenizer's and the generation's files of one model directory to another.</summary>
    public static void CopyTokenizer(string from, string directory)
    {
        if (Path.GetFullPath(from) == Path.GetFullPath(directory))
        {
            return;
        }

        foreach (string name in Companions.Where(name => File.Exists(Path.Combine(from, name))))
        {
            File.Copy(Path.Combine(from, name), Path.Combine(directory, name), overwrite: true);
        }
    }

    // A config.json that names a dtype names the one the weights are written in; transformers 5 renamed the key.
    private static void NameDtype(Decoder model)
    {
        if (model.Config.WeightType is { } named && named != model.Dtype.ToStoredType())
        {
            string key = model.Config.Raw.ContainsKey("dtype") ? "dtype" : "torch_dtype";
            model.Config.Raw[key] = model.Dtype switch
            {
                ScalarType.BFloat16 => "bfloat16",
                ScalarType.Float16 => "float16",
                _ => "float32",
            };
        }
    }

    private static void Check(string directory, WeightFiles files, IReadOnlyDictionary<string, long[]> expected, StoredNames names, ModelConfig config)
    {
        if (names.Missing.Count > 0 || names.Unexpected.Count > 0)
        {
            throw new CheckpointException(
                $"{directory}: the weights are not those of config.json ({config.Family}, {config.LayerCount} layers): {names.Missing.Count} missing{List(names.Missing)}, "
                + $"{names.Unexpected.Count} unexpected{List(names.Unexpected)}. Is config.json of another model?");
        }

        foreach ((string name, long[] shape) in expected)
        {
            (SafetensorsFile file, TensorEntry entry) = files.Entries[names[name]];
            if (!entry.Shape.SequenceEqual(shape))
            {
                throw new CheckpointException(
                    $"{file.Path}: '{entry.Name}' has shape [{string.Join(", ", entry.Shape)}], config.json asks for [{string.Join(", ", shape)}]. Is config.json of another model?");
            }

            if (entry.Type is not (StoredType.F64 or StoredType.F32 or StoredType.F16 or StoredType.BF16))
            {
                throw new CheckpointException(
                    $"{file.Path}: '{entry.Name}' has type {entry.Type}; expected F32, F16 or BF16 (quantised weights are not supported)");
            }
        }

        if (config.TiedEmbeddings && files.Entries.TryGetValue(StoredNames.Head, out var head) && !AreSame(files.Entries[names[StoredNames.Embedding]], head))
        {
            throw new CheckpointException(
                $"{head.File.Path}: '{StoredNames.Head}' differs from the embedding, and config.json ties them (tie_word_embeddings). "
                + "Set tie_word_embeddings to false if the model has a head of its own.");
        }

        static string List(IReadOnlyList<string> names) => names.Count == 0 ? "" : $" ({string.Join(", ", names.Take(3))}{(names.Count > 3 ? ", …" : "")})";
    }

    private static unsafe bool AreSame((SafetensorsFile File, TensorEntry Entry) one, (SafetensorsFile File, TensorEntry Entry) other)
    {
        const int Part = 1 << 28;
        if (one.Entry == other.Entry || one.Entry.Type != other.Entry.Type || one.Entry.Length != other.Entry.Length)
        {
            return one.Entry == other.Entry;
        }

        bool same = true;
        byte* left = one.File.Pointer(one.Entry), right = other.File.Pointer(other.Entry);
        for (long start = 0; start < one.Entry.Length && same; start += Part)
        {
            int length = (int)Math.Min(Part, one.Entry.Length - start);
            same = new ReadOnlySpan<byte>(left + start, length).SequenceEqual(new ReadOnlySpan<byte>(right + start, length));
        }

        return same;
    }
}
