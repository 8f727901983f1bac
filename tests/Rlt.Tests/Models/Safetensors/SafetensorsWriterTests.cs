using Rlt.Models.Safetensors;
using Rlt.Tests.Data;

namespace Rlt.Tests.Models.Safetensors;

public sealed class SafetensorsWriterTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [GoldenFact("models/qwen2_teacher")]
    public void WriteFile_TensorsOfTheReferenceLibrary_GivesTheSameBytes()
    {
        string original = Path.Combine(Golden.Find("models/qwen2_teacher"), WeightFiles.SingleFileName);
        using SafetensorsFile source = SafetensorsFile.Open(original);

        SafetensorsWriter.WriteFile(_scratch["copy"], Specs(source.Entries.Values).Reverse().ToList(), CopyFrom(source));

        Assert.Equal(File.ReadAllBytes(original), File.ReadAllBytes(_scratch["copy"]));
    }

    [GoldenFact("models/qwen2_student_sharded")]
    public void WriteModel_ShardedModelOfTheReferenceLibrary_GivesTheSameFiles()
    {
        string original = Golden.Find("models/qwen2_student_sharded");
        using WeightFiles source = WeightFiles.Open(original);
        List<TensorSpec> specs = [.. Specs(source.Entries.Values.Select(pair => pair.Entry)).OrderBy(tensor => tensor.Name, StringComparer.Ordinal)];

        IReadOnlyList<string> names = SafetensorsWriter.WriteModel(_scratch.Root, specs, 665_000, (tensor, stream) =>
            stream.Write(source.Entries[tensor.Name].File.Bytes(source.Entries[tensor.Name].Entry)));

        Assert.Equal(["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"], names);
        foreach (string name in names)
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(original, name)), File.ReadAllBytes(_scratch[name]));
        }

        // transformers ends the index with a line break, the golden file does not.
        string index = File.ReadAllText(Path.Combine(original, WeightFiles.IndexFileName));
        Assert.Equal(index.TrimEnd() + "\n", File.ReadAllText(_scratch[WeightFiles.IndexFileName]));
    }

    [Fact]
    public void WriteFile_MixedTypes_WiderFirstAlignedAndReadBack()
    {
        TensorSpec[] specs = [new("z", StoredType.U8, [3]), new("a", StoredType.BF16, [1]), new("m", StoredType.I64, []), new("b", StoredType.F32, [2, 1])];
        var asked = new List<string>();

        SafetensorsWriter.WriteFile(_scratch["f"], specs, (tensor, stream) =>
        {
            asked.Add(tensor.Name);
            stream.Write(Enumerable.Repeat((byte)tensor.Name[0], (int)tensor.ByteLength).ToArray());
        });

        using SafetensorsFile file = SafetensorsFile.Open(_scratch["f"]);
        Assert.Equal(["m", "b", "a", "z"], asked);
        Assert.All(file.Entries.Values, entry => Assert.All(file.Bytes(entry).ToArray(), value => Assert.Equal(entry.Name[0], (char)value)));
        Assert.Equal(0, file.Entries["m"].Offset % 8);
        Assert.Equal([2L, 1L], file.Entries["b"].Shape);
        Assert.Empty(file.Entries["m"].Shape);
    }

    [Fact]
    public void WriteFile_WrongNumberOfBytes_ThrowsAndKeepsTheEarlierFile()
    {
        _scratch.Write("f", "earlier");
        var error = Assert.Throws<InvalidOperationException>(() =>
            SafetensorsWriter.WriteFile(_scratch["f"], [new("w", StoredType.F32, [2])], (_, stream) => stream.Write(new byte[7])));

        Assert.Equal("'w' was given 7 bytes; it has 8", error.Message);
        Assert.Equal("earlier", File.ReadAllText(_scratch["f"]));
        Assert.Equal(["f"], Directory.GetFiles(_scratch.Root).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("w", "w")]
    [InlineData("__metadata__", "v")]
    public void WriteFile_DuplicateOrReservedName_Throws(string first, string second) => Assert.Throws<ArgumentException>(() =>
        SafetensorsWriter.WriteFile(_scratch["f"], [new(first, StoredType.U8, []), new(second, StoredType.U8, [])], Zeros));

    [Fact]
    public void WriteModel_TensorsThatFillShardsExactly_SplitsWhereTheBoundIsPassed()
    {
        TensorSpec[] specs = [.. "abcde".Select(name => new TensorSpec(name.ToString(), StoredType.F32, [name == 'd' ? 50 : 1]))];

        SafetensorsWriter.WriteModel(_scratch.Root, specs, 8, Zeros);

        using WeightFiles weights = WeightFiles.Open(_scratch.Root);
        Assert.Equal(["a1", "b1", "c2", "d3", "e4"], weights.Entries.OrderBy(pair => pair.Key)
            .Select(pair => pair.Key + Path.GetFileName(pair.Value.File.Path)[10]));
        Assert.Equal(5, Directory.GetFiles(_scratch.Root).Length);
    }

    [Fact]
    public void WriteModel_AfterADifferentSharding_LeavesNoFileOfTheEarlierSave()
    {
        TensorSpec[] specs = [new("a", StoredType.F32, [1]), new("b", StoredType.F32, [1])];
        _scratch.Write("config.json", "{}");

        SafetensorsWriter.WriteModel(_scratch.Root, specs, 4, Zeros);
        SafetensorsWriter.WriteModel(_scratch.Root, specs, 8, Zeros);
        Assert.Equal(["config.json", "model.safetensors"], Names());

        SafetensorsWriter.WriteModel(_scratch.Root, specs, 4, Zeros);
        Assert.Equal(["config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json"], Names());
    }

    [Fact]
    public void ByteLength_NegativeOrOverflowingShape_Throws()
    {
        Assert.Throws<InvalidOperationException>(() => new TensorSpec("w", StoredType.F32, [-1]).ByteLength);
        Assert.Throws<OverflowException>(() => new TensorSpec("w", StoredType.F32, [long.MaxValue]).ByteLength);
    }

    private static void Zeros(TensorSpec tensor, Stream stream) => stream.Write(new byte[tensor.ByteLength]);

    private static IEnumerable<TensorSpec> Specs(IEnumerable<TensorEntry> entries) =>
        entries.Select(entry => new TensorSpec(entry.Name, entry.Type, entry.Shape));

    private static Action<TensorSpec, Stream> CopyFrom(SafetensorsFile source) =>
        (tensor, stream) => stream.Write(source.Bytes(source.Entries[tensor.Name]));

    private List<string> Names() => [.. Directory.GetFiles(_scratch.Root).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
}
