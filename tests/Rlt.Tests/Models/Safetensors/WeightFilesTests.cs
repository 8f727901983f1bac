using Rlt.Models.Safetensors;
using Rlt.Tests.Data;

namespace Rlt.Tests.Models.Safetensors;

public sealed class WeightFilesTests : IDisposable
{
    private const string Shard = "model-00001-of-00001.safetensors";
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [GoldenFact("models/qwen2_student_sharded")]
    public void Open_ShardedModel_EveryIndexedTensorIsInItsShard()
    {
        string directory = Golden.Find("models/qwen2_student_sharded");
        var index = Golden.Json(Path.Combine(directory, WeightFiles.IndexFileName));

        using WeightFiles weights = WeightFiles.Open(directory);

        Assert.Equal(index["weight_map"]!.AsObject().ToDictionary(pair => pair.Key, pair => pair.Value!.GetValue<string>()),
            weights.Entries.ToDictionary(pair => pair.Key, pair => Path.GetFileName(pair.Value.File.Path)));
        Assert.Equal(index["metadata"]!["total_size"]!.GetValue<long>(), weights.Entries.Values.Sum(pair => pair.Entry.Length));
        Assert.Equal([1024L, 64L], weights.Entries["lm_head.weight"].Entry.Shape);
    }

    [GoldenFact("models/qwen2_student_bf16")]
    public void Open_SingleFile_TypesAndShapesAreTheFiles()
    {
        using WeightFiles weights = WeightFiles.Open(Golden.Find("models/qwen2_student_bf16"));

        Assert.All(weights.Entries.Values, pair => Assert.Equal(StoredType.BF16, pair.Entry.Type));
        Assert.Equal([32L, 64L], weights.Entries["model.layers.1.self_attn.k_proj.weight"].Entry.Shape);
    }

    [GoldenFact("models/qwen2_student_bf16")]
    public void Open_SameWeightsInTwoTypes_BF16IsTheRoundedF32()
    {
        using WeightFiles narrow = WeightFiles.Open(Golden.Find("models/qwen2_student_bf16"));
        using WeightFiles wide = WeightFiles.Open(Golden.Find("models/qwen2_student_sharded"));
        foreach ((string name, (SafetensorsFile file, TensorEntry entry)) in narrow.Entries)
        {
            (SafetensorsFile wideFile, TensorEntry wideEntry) = wide.Entries[name];
            ReadOnlySpan<ushort> rounded = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ushort>(file.Bytes(entry));
            ReadOnlySpan<uint> full = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, uint>(wideFile.Bytes(wideEntry));
            Assert.Equal(full.Length, rounded.Length);
            for (int i = 0; i < full.Length; i++)
            {
                // Round to nearest, ties to even, on the upper 16 bits.
                Assert.Equal((ushort)((full[i] + 0x7fff + ((full[i] >> 16) & 1)) >> 16), rounded[i]);
            }
        }
    }

    [Fact]
    public void Open_SingleFileBesideAnIndex_UsesTheSingleFile()
    {
        WriteShard(WeightFiles.SingleFileName);
        _scratch.Write(WeightFiles.IndexFileName, """{"weight_map":{"other":"absent.safetensors"}}""");
        using WeightFiles weights = WeightFiles.Open(_scratch.Root);
        Assert.Equal(["a", "b"], weights.Entries.Keys.Order());
    }

    [Theory]
    [InlineData("../" + Shard)]
    [InlineData("sub/" + Shard)]
    [InlineData("..\\" + Shard)]
    [InlineData("/etc/passwd")]
    [InlineData("C:x")]
    [InlineData("..")]
    [InlineData("")]
    public void Open_ShardNameThatIsNoPlainName_IsRefused(string shard)
    {
        WriteShard(Shard);
        string name = System.Text.Json.JsonSerializer.Serialize(shard);
        Error($"{{\"weight_map\":{{\"a\":{name}}}}}", $"'a' is in {name}; expected the plain name of a file beside the index.");
    }

    [Fact]
    public void Open_IndexThatDiffersFromItsShard_NamesTheTensors()
    {
        WriteShard(Shard);
        Error($$$"""{"weight_map":{"a":"{{{Shard}}}","b":"{{{Shard}}}","c":"{{{Shard}}}"}}""", $"{Shard}: lacks 'c'; expected exactly the tensors");
        Error($$$"""{"weight_map":{"a":"{{{Shard}}}"}}""", $"{Shard}: also holds 'b'; expected exactly the tensors");
    }

    [Theory]
    [InlineData("""{"weight_map":{"a":"gone.safetensors"}}""", "'a' is in 'gone.safetensors', and ")]
    [InlineData("""{"weight_map":{"a":1}}""", "'a' is in 1; expected the plain name")]
    [InlineData("""{"weight_map":{"a":"x","a":"y"}}""", "cannot be read: Duplicate property 'a'")]
    [InlineData("""{"weight_map":{}}""", "\"weight_map\" is empty")]
    [InlineData("""{"weight_map":[]}""", "no \"weight_map\" object")]
    [InlineData("[]", "no \"weight_map\" object")]
    [InlineData("{", "cannot be read: ")]
    public void Open_UnusableIndex_SaysWhy(string index, string expected) => Error(index, expected);

    [Fact]
    public void Open_MutatedIndex_FailsCleanlyOrOpensItsTensors()
    {
        const string puts = "ab01{}[]\",:.\\/u\0é";
        const string sound = $$$"""{"metadata":{"total_size":14},"weight_map":{"a":"{{{Shard}}}","b":"{{{Shard}}}"}}""";
        WriteShard(Shard);
        var random = new Random(20250104);
        int accepted = 0;
        for (int round = 0; round < 1000; round++)
        {
            char[] text = sound.ToCharArray();
            text[random.Next(text.Length)] = puts[random.Next(puts.Length)];
            text[random.Next(text.Length)] = puts[random.Next(puts.Length)];
            _scratch.Write(WeightFiles.IndexFileName, new string(text));
            try
            {
                using WeightFiles weights = WeightFiles.Open(_scratch.Root);
                Assert.Equal(["a", "b"], weights.Entries.Keys.Order());
                accepted++;
            }
            catch (CheckpointException error)
            {
                Assert.StartsWith(_scratch.Root, error.Message, StringComparison.Ordinal);
            }
        }

        Assert.InRange(accepted, 5, 900);
    }

    [Fact]
    public void Open_NoWeights_SaysWhatWasExpected()
    {
        Expect($"{_scratch.Root}: no weights; expected model.safetensors or model.safetensors.index.json. Is it a model's directory?");
        _scratch.Write("pytorch_model.bin", "");
        Expect("It has pytorch_model.bin weights; save them again as safetensors.");
    }

    private void Error(string index, string expected)
    {
        _scratch.Write(WeightFiles.IndexFileName, index);
        Expect(expected);
    }

    private void Expect(string expected)
    {
        var error = Assert.Throws<CheckpointException>(() => WeightFiles.Open(_scratch.Root));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    private void WriteShard(string name) =>
        File.WriteAllBytes(_scratch[name], SafetensorsBytes.File(SafetensorsBytes.Header, SafetensorsBytes.Data));
}
