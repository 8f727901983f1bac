using System.Buffers.Binary;
using Rlt.Models;
using Rlt.Models.Adapters;
using Rlt.Models.Safetensors;
using Rlt.Tests.Models.Safetensors;
using static TorchSharp.torch;

namespace Rlt.Tests.Hostile;

/// <summary>One safetensors file: the whole of it, or its header alone with a length that fits.</summary>
internal sealed class SafetensorsReader : HostileReader
{
    public override IReadOnlyDictionary<string, byte[]> Files { get; } = new Dictionary<string, byte[]> { ["a.safetensors"] = SafetensorsBytes.File(SafetensorsBytes.Header, SafetensorsBytes.Data) };

    public override byte[] Damage(string name, byte[] content, Mutator mutator) => Header(content, mutator);

    public static byte[] Header(byte[] content, Mutator mutator)
    {
        if (mutator.Next(3) == 0)
        {
            return mutator.Damage(content);
        }

        int length = (int)BinaryPrimitives.ReadInt64LittleEndian(content);
        return SafetensorsBytes.File(mutator.Damage(content[8..(8 + length)]), content[(8 + length)..]);
    }

    public override void Read(string directory)
    {
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(directory, "a.safetensors"));
        foreach (TensorEntry entry in file.Entries.Values.Where(entry => entry.Length > 0))
        {
            _ = file.Bytes(entry)[0] + file.Bytes(entry)[^1];
        }
    }
}

/// <summary>A sharded model's index.</summary>
internal sealed class IndexReader : HostileReader
{
    public override IReadOnlyDictionary<string, byte[]> Files { get; } = new Dictionary<string, byte[]>
    {
        [WeightFiles.IndexFileName] = """{"metadata":{"total_size":14},"weight_map":{"a":"model-1.safetensors","b":"model-1.safetensors"}}"""u8.ToArray(),
    };

    public override void Prepare(string directory) => File.WriteAllBytes(Path.Combine(directory, "model-1.safetensors"), SafetensorsBytes.File(SafetensorsBytes.Header, SafetensorsBytes.Data));

    public override void Read(string directory)
    {
        using var files = WeightFiles.Open(directory);
        string inside = Path.GetFullPath(directory) + Path.DirectorySeparatorChar;
        Assert.All(files.Entries.Values, pair => Assert.StartsWith(inside, Path.GetFullPath(pair.File.Path), StringComparison.Ordinal));
    }
}

/// <summary>A whole model: config.json, generation_config.json, weights.</summary>
internal sealed class ModelReader : HostileReader
{
    public ModelReader(string model) => Files = new Dictionary<string, byte[]>
    {
        ["config.json"] = File.ReadAllBytes(Path.Combine(model, "config.json")),
        ["generation_config.json"] = """{"eos_token_id":[1022,7],"temperature":0.7}"""u8.ToArray(),
        ["model.safetensors"] = File.ReadAllBytes(Path.Combine(model, "model.safetensors")),
    };

    public override IReadOnlyDictionary<string, byte[]> Files { get; }

    public override int Weight => 3;

    public override byte[] Damage(string name, byte[] content, Mutator mutator) => name == "model.safetensors" ? SafetensorsReader.Header(content, mutator) : mutator.Damage(content);

    public override void Read(string directory)
    {
        using Decoder model = ModelFiles.Load(directory, null, CPU);
        Assert.Equal(2, SequenceScorer.LogProbs(model, [new TokenSequence([1, 2, 3], 1)], 1, 100)[0].Length);
    }
}

/// <summary>Adapters and their config.</summary>
internal sealed class AdapterReader : HostileReader
{
    private readonly string _model;

    public AdapterReader(string model, string adapters) => (_model, Files) = (model, new Dictionary<string, byte[]>
    {
        [AdapterFiles.ConfigFileName] = File.ReadAllBytes(Path.Combine(adapters, AdapterFiles.ConfigFileName)),
        [AdapterFiles.WeightsFileName] = File.ReadAllBytes(Path.Combine(adapters, AdapterFiles.WeightsFileName)),
    });

    public override IReadOnlyDictionary<string, byte[]> Files { get; }

    public override int Weight => 3;

    public override byte[] Damage(string name, byte[] content, Mutator mutator) => name == AdapterFiles.WeightsFileName ? SafetensorsReader.Header(content, mutator) : mutator.Damage(content);

    public override void Read(string directory)
    {
        (LoraLayout layout, string baseDirectory) = AdapterFiles.ReadConfig(directory);
        using Decoder model = ModelFiles.Load(_model, null, CPU);
        Assert.True(Directory.Exists(baseDirectory));
        AdapterFiles.Attach(model, layout, directory);
    }
}
