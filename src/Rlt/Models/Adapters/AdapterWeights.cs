using Rlt.Models.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlt.Models.Adapters;

/// <summary>Compares a file of adapter weights with what its config and the base model ask for, before any adapter is made.</summary>
internal static class AdapterWeights
{
    /// <summary>Refuses a file whose names, shapes or types are others than expected.</summary>
    /// <exception cref="CheckpointException">They are; or an embedding that is saved along is not the base model's.</exception>
    public static void Check(SafetensorsFile file, Decoder model, LoraLayout layout)
    {
        Dictionary<string, long[]> expected = Expected(model, layout);
        string[] missing = [.. expected.Keys.Where(name => !file.Entries.ContainsKey(name))];
        string[] unexpected = [.. file.Entries.Keys.Where(name => !expected.ContainsKey(name) && !IsOfTheBase(file, file.Entries[name], model))];
        if (missing.Length > 0 || unexpected.Length > 0)
        {
            throw new CheckpointException(
                $"{file.Path}: the weights are not those of {AdapterFiles.ConfigFileName} and the base model: {missing.Length} missing{First(missing)}, "
                + $"{unexpected.Length} unexpected{First(unexpected)}. Is the base model another one?");
        }

        foreach ((string name, long[] shape) in expected)
        {
            TensorEntry entry = file.Entries[name];
            if (!entry.Shape.SequenceEqual(shape))
            {
                throw new CheckpointException(
                    $"{file.Path}: '{entry.Name}' has shape [{string.Join(", ", entry.Shape)}], "
                    + $"rank and base model ask for [{string.Join(", ", shape)}]. Is the base model another one?");
            }

            RequireNumbers(file, entry);
        }

        static string First(string[] names) => names.Length == 0 ? "" : $" ({names.Order(StringComparer.Ordinal).First()}{(names.Length > 1 ? ", …" : "")})";
    }

    private static Dictionary<string, long[]> Expected(Decoder model, LoraLayout layout)
    {
        var shapes = new Dictionary<string, long[]>();
        foreach (Parameter weight in model.Layers.SelectMany(layer => layer.Linears).Select(linear => linear.Weight))
        {
            string module = weight.Name[..^".weight".Length];
            if (layout.Targets(module))
            {
                shapes[$"{AdapterFiles.NamePrefix}{module}.lora_A.weight"] = [layout.RankOf(module), weight.Value.size(1)];
                shapes[$"{AdapterFiles.NamePrefix}{module}.lora_B.weight"] = [weight.Value.size(0), layout.RankOf(module)];
            }
        }

        return shapes;
    }

    // PEFT saves embedding and head along where it cannot rule out that they were resized.
    private static bool IsOfTheBase(SafetensorsFile file, TensorEntry entry, Decoder model)
    {
        Parameter? own = entry.Name == AdapterFiles.NamePrefix + model.Config.EmbeddingName ? model.Embedding
            : entry.Name == AdapterFiles.NamePrefix + StoredNames.Head ? model.Head : null;
        if (own is null)
        {
            return false;
        }

        RequireNumbers(file, entry);
        return IsSame(file, entry, own.Value)
            ? true
            : throw new CheckpointException($"{file.Path}: '{entry.Name}' is not the base model's own; only adapters of linear maps are supported, "
                + "no embedding or head that was trained or resized. Is the base model another one?");
    }

    // Equal to the last bit that both of the types hold.
    private static bool IsSame(SafetensorsFile file, TensorEntry entry, Tensor own)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        if (!entry.Shape.SequenceEqual(own.shape))
        {
            return false;
        }

        Tensor saved = TensorBytes.Read(file, entry, own.dtype, own.device);
        return saved.eq(own.to(entry.Type.ToScalarType()).to(own.dtype)).all().ToBoolean();
    }

    private static void RequireNumbers(SafetensorsFile file, TensorEntry entry)
    {
        if (entry.Type is not (StoredType.F64 or StoredType.F32 or StoredType.F16 or StoredType.BF16))
        {
            throw new CheckpointException($"{file.Path}: '{entry.Name}' has type {entry.Type}; expected F32, F16 or BF16");
        }
    }
}
