using Rlt.Distributed;
using Rlt.Hub;
using Rlt.Models.Safetensors;
using Rlt.Platform;
using static TorchSharp.torch;

namespace Rlt.Models;

/// <summary>Reads decoders from Hugging Face model directories and writes them back.</summary>
public static class ModelFiles
{
    private const long MaxShardBytes = 5_000_000_000;

    /// <summary>Reads a model.</summary>
    /// <param name="directory">Holds config.json and the safetensors files.</param>
    /// <param name="dtype">The weights' dtype; null: as Precision.Auto has it of the stored one.</param>
    /// <param name="device">Where the weights go.</param>
    /// <exception cref="CheckpointException">Files, names or shapes are not those of the config.</exception>
    public static Decoder Load(string directory, ScalarType? dtype, Device device)
    {
        ModelConfig config = ModelConfig.Load(directory);
        HubPath.RequireWeights(directory);
        using WeightFiles files = WeightFiles.Open(directory);
        IReadOnlyDictionary<string, long[]> expected = WeightMap.Expected(config);
        StoredNames names = StoredNames.Of(files.Entries.Keys, expected.Keys, config);
        Check(directory, files, expected, names, config);
        ScalarType stored = files.Entries[names[config.EmbeddingName]].Entry.Type.ToScalarType();
        ScalarType wanted = dtype ?? Precision.Auto(stored, device.type);
        var parameters = new List<Parameter>();
        foreach (string name in expected.Keys)
        {
            string inFile = names[name];
            (SafetensorsFile file, TensorEntry entry) = files.Entries[inFile];
            bool staysWide = WeightShapes.StaysWide(name) && entry.Type == StoredType.F32;
            Tensor value = FourBitExperts.ScalesOf(inFile) is { } scales
                ? FourBitExperts.Read((file, entry), files.Entries[scales], wanted, device)
                : TensorBytes.Read(file, entry, staysWide ? ScalarType.Float32 : wanted, device);
            parameters.Add(OfThisRank(new Parameter(name, value, config.IsNested ? inFile : name)));
        }

        return new Decoder(config, parameters) { Beside = names.Beside.Count == 0 ? null : new CheckpointParts(Path.GetFullPath(directory), names.Beside) };
    }

    /// <summary>Where the files of a directory hold each of the config's weights, by the names that the config has for them.</summary>
    /// <exception cref="CheckpointException">Names, shapes or types are not those of the config.</exception>
    internal static IReadOnlyDictionary<string, (SafetensorsFile File, TensorEntry Entry)> Stored(string directory, ModelConfig config, WeightFiles files)
    {
        IReadOnlyDictionary<string, long[]> expected = WeightMap.Expected(config);
        StoredNames names = StoredNames.Of(files.Entries.Keys, expected.Keys, config);
        Check(directory, files, expected, names, config);
        return expected.Keys.ToDictionary(name => name, name => files.Entries[names[name]]);
    }

    /// <summary>A model of the config with weights drawn as Hugging Face initialises them: normal with deviation 0.02, norms 1, biases and sinks 0.</summary>
    public static Decoder Random(ModelConfig config, long seed, ScalarType dtype, Device device)
    {
        using var noGrad = no_grad();
        manual_seed(seed);
        var parameters = new List<Parameter>();
        foreach ((string name, long[] shape) in WeightMap.Expected(config))
        {
            using var scope = NewDisposeScope();
            parameters.Add(OfThisRank(new Parameter(name, First(name, shape, config).to(WeightShapes.StaysWide(name) ? ScalarType.Float32 : dtype, device))));
        }

        return new Decoder(config, parameters);
    }

    private static Parameter OfThisRank(Parameter parameter)
    {
        if (Sharding.OfProcess.ShardsWeights && !WeightShapes.IsBuffer(parameter.Name))
        {
            parameter.Shard(Sharding.OfProcess);
        }

        return parameter;
    }

    // Norms that hold differences from 1 begin at 0.
    private static Tensor First(string name, long[] shape, ModelConfig config) => name switch
    {
        _ when name.EndsWith(".A_log", StringComparison.Ordinal) => empty(shape).uniform_(1, 16).log_(),
        _ when name.EndsWith(".dt_bias", StringComparison.Ordinal) => ones(shape),
        _ when name.EndsWith("bias", StringComparison.Ordinal) || name.EndsWith(".sinks", StringComparison.Ordinal) => zeros(shape),
        _ when shape.Length > 1 => empty(shape).normal_(0, 0.02),
        _ when config.NormOffset != 0 && !name.EndsWith(".linear_attn.norm.weight", StringComparison.Ordinal) => zeros(shape),
        _ => ones(shape),
    };

    /// <summary>Writes a model beside copies of its tokenizer's files, so that any Hugging Face tool loads the directory.</summary>
    /// <param name="model">The model.</param>
    /// <param name="directory">Created where absent.</param>
    /// <param name="tokenizerFrom">The directory whose tokenizer files are copied; null copies none.</param>
    public static void Save(Decoder model, string directory, string? tokenizerFrom)
    {
        Directory.CreateDirectory(directory);
        var byName = model.Stored.ToDictionary(parameter => parameter.StoredName);
        using WeightFiles? files = model.Beside is null ? null : WeightFiles.Open(model.Beside.Directory);
        TensorSpec[] specs =
        [
            .. byName.Values.Select(p => new TensorSpec(p.StoredName, p.Value.dtype.ToStoredType(), p.Value.shape)),
            .. (model.Beside?.Names ?? []).Select(name => files!.Entries[name].Entry).Select(entry => new TensorSpec(entry.Name, entry.Type, entry.Shape)),
        ];
        SafetensorsWriter.WriteModel(directory, specs, MaxShardBytes, (spec, stream) =>
        {
            if (byName.TryGetValue(spec.Name, out Parameter? own))
            {
                using IDisposable? whole = GatheredWeights.Hold(own, model.Sharding.Ranks);
                TensorBytes.Write(own.Value, stream);
            }
            else
            {
                (SafetensorsFile file, TensorEntry entry) = files!.Entries[spec.Name];
                TensorBytes.Copy(file, entry, stream);
            }
        });
        NameDtype(model);

        // Four-bit experts were read into the model's own type.
        model.Config.Raw.Remove("quantization_config");
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

        foreach (string name in ModelTextParts.Companions.Where(name => File.Exists(Path.Combine(from, name))))
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
                $"{directory}: the weights are not those of config.json ({config.ModelType}, {config.Layers.Count} layers): {names.Missing.Count} missing{List(names.Missing)}, "
                + $"{names.Unexpected.Count} unexpected{List(names.Unexpected)}. Is config.json of another model?");
        }

        foreach ((string name, long[] shape) in expected)
        {
            (SafetensorsFile file, TensorEntry entry) = files.Entries[names[name]];
            string? scales = FourBitExperts.ScalesOf(names[name]);
            long[] found = scales is null ? entry.Shape : FourBitExperts.Shape((file, entry), files.Entries[scales]);
            if (!found.SequenceEqual(shape))
            {
                throw new CheckpointException(
                    $"{file.Path}: '{entry.Name}' has shape [{string.Join(", ", found)}], config.json asks for [{string.Join(", ", shape)}]. Is config.json of another model?");
            }

            if (scales is null && entry.Type is not (StoredType.F64 or StoredType.F32 or StoredType.F16 or StoredType.BF16))
            {
                throw new CheckpointException(
                    $"{file.Path}: '{entry.Name}' has type {entry.Type}; expected F32, F16 or BF16 (quantised weights are not supported)");
            }
        }

        if (config.TiedEmbeddings && files.Entries.TryGetValue(StoredNames.Head, out var head) && !AreSame(files.Entries[names[config.EmbeddingName]], head))
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
