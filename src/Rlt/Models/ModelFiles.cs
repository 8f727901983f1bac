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
        Check(directory, files, expected, config);
        ScalarType stored = files.Entries["model.embed_tokens.weight"].Entry.Type.ToScalarType();
        ScalarType wanted = dtype ?? Precision.Auto(stored, device.type);
        var parameters = new List<Parameter>();
        foreach (string name in expected.Keys)
        {
            (SafetensorsFile file, TensorEntry entry) = files.Entries[name];
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

    private static void Check(string directory, WeightFiles files, IReadOnlyDictionary<string, long[]> expected, ModelConfig config)
    {
        string[] missing = [.. expected.Keys.Where(name => !files.Entries.ContainsKey(name))];
        string[] unexpected = [.. files.Entries.Keys.Where(name => !expected.ContainsKey(name) && !MayBeIgnored(name, config))];
        if (missing.Length > 0 || unexpected.Length > 0)
        {
            throw new CheckpointException(
                $"{directory}: the weights are not those of config.json ({config.Family}, {config.LayerCount} layers): "
                + $"{missing.Length} missing{List(missing)}, {unexpected.Length} unexpected{List(unexpected)}. Is config.json of another model?");
        }

        foreach ((string name, long[] shape) in expected)
        {
            TensorEntry entry = files.Entries[name].Entry;
            if (!entry.Shape.SequenceEqual(shape))
            {
                throw new CheckpointException(
                    $"{files.Entries[name].File.Path}: '{name}' has shape [{string.Join(", ", entry.Shape)}], config.json asks for [{string.Join(", ", shape)}]. Is config.json of another model?");
            }

            if (entry.Type is not (StoredType.F64 or StoredType.F32 or StoredType.F16 or StoredType.BF16))
            {
                throw new CheckpointException($"{files.Entries[name].File.Path}: '{name}' has type {entry.Type}; expected F32, F16 or BF16 (quantised weights are not supported)");
            }
        }

        static string List(string[] names) => names.Length == 0 ? "" : $" ({string.Join(", ", names.Take(3))}{(names.Length > 3 ? ", …" : "")})";
    }

    // Buffers that older exports keep, and a head that repeats the tied embeddings.
    private static bool MayBeIgnored(string name, ModelConfig config) =>
        name.EndsWith("rotary_emb.inv_freq", StringComparison.Ordinal) || (config.TiedEmbeddings && name == "lm_head.weight");
}
