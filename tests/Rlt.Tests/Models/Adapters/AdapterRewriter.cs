using Rlt.Models;
using Rlt.Models.Safetensors;
using static TorchSharp.torch;

namespace Rlt.Tests.Models.Adapters;

/// <summary>Changes a file of adapter weights, as others might have written it.</summary>
internal static class AdapterRewriter
{
    /// <summary>Writes a file's adapters in other shapes, by repeating them, and more tensors beside them.</summary>
    public static void Rewrite(string path, Func<string, long[], long[]> shapeOf, params (string Name, Tensor Value)[] more)
    {
        using var scope = NewDisposeScope();
        Dictionary<string, Tensor> tensors = more.ToDictionary(pair => pair.Name, pair => pair.Value);
        using (SafetensorsFile file = SafetensorsFile.Open(path))
        {
            foreach (TensorEntry entry in file.Entries.Values.Where(entry => !tensors.ContainsKey(entry.Name)))
            {
                long[] times = [.. shapeOf(entry.Name, entry.Shape).Zip(entry.Shape, (wanted, size) => wanted / size)];
                tensors[entry.Name] = TensorBytes.Read(file, entry, ScalarType.Float32, CPU).repeat(times);
            }
        }

        TensorSpec[] specs = [.. tensors.Select(pair => new TensorSpec(pair.Key, StoredType.F32, pair.Value.shape))];
        SafetensorsWriter.WriteFile(path, specs, (spec, stream) => TensorBytes.Write(tensors[spec.Name], stream));
    }
}
