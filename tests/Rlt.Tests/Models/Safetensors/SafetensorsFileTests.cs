using System.Runtime.InteropServices;
using System.Text;
using Rlt.Models.Safetensors;
using Rlt.Tests.Data;

namespace Rlt.Tests.Models.Safetensors;

public sealed class SafetensorsFileTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Open_HandMadeFile_EntriesAndBytesAreRead()
    {
        using SafetensorsFile file = Open(SafetensorsBytes.File(SafetensorsBytes.Header, SafetensorsBytes.Data));

        TensorEntry b = file.Entries["b"];
        Assert.Equal(["a", "b"], file.Entries.Keys.Order());
        Assert.Equal("pt", file.Metadata["format"]);
        Assert.Equal((StoredType.I16, 8L + SafetensorsBytes.Header.Length + 8, 6L), (b.Type, b.Offset, b.Length));
        Assert.Equal([3L], b.Shape);
        Assert.Equal([1f, 2f], MemoryMarshal.Cast<byte, float>(file.Bytes(file.Entries["a"])).ToArray());
        Assert.Equal([3, 4, 5], MemoryMarshal.Cast<byte, short>(file.Bytes(b)).ToArray());
    }

    [Fact]
    public void Open_ScalarAndEmptyTensors_AreRead()
    {
        const string header = """{"none":{"dtype":"F64","shape":[0,7],"data_offsets":[0,0]},"one":{"dtype":"BOOL","shape":[],"data_offsets":[0,1]}}""";
        using SafetensorsFile file = Open(SafetensorsBytes.File(header, [1]));

        Assert.Equal(0, file.Bytes(file.Entries["none"]).Length);
        Assert.Equal(1, file.Bytes(file.Entries["one"])[0]);
        Assert.Empty(file.Metadata);
    }

    [Fact]
    public void Bytes_AfterDispose_Throws()
    {
        SafetensorsFile file = Open(SafetensorsBytes.File(SafetensorsBytes.Header, SafetensorsBytes.Data));
        file.Dispose();
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.Bytes(file.Entries["a"]).Length);
    }

    [Fact]
    public void Bytes_EntryOfALongerFile_Throws()
    {
        using SafetensorsFile file = Open(SafetensorsBytes.File(SafetensorsBytes.Header, SafetensorsBytes.Data));
        var foreign = new TensorEntry("far", StoredType.U8, [100], file.Entries["b"].Offset, 100);
        Assert.Throws<ArgumentException>(() => file.Bytes(foreign).Length);
    }

    [Theory]
    [InlineData("a.F32", "dtype", "'a' has dtype \"F99\"; expected one of F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL.", "\"F32\"", "\"F99\"")]
    [InlineData("type", "dtype", "'a' has dtype 3;", "\"F32\"", "3")]
    [InlineData("missing", "dtype", "'a' has dtype missing;", "\"dtype\":\"F32\",", "")]
    [InlineData("field", "extra", "'a' has the unknown field 'more'", "\"shape\":[2]", "\"more\":0,\"shape\":[2]")]
    [InlineData("negative", "shape", "'a' has -2 in its shape; expected a whole number of at least 0.", "[2]", "[-2]")]
    [InlineData("fraction", "shape", "'a' has 2.0 in its shape", "[2]", "[2.0]")]
    [InlineData("shape", "shape", "'a' has shape 2; expected a list", "[2]", "2")]
    [InlineData("overflow", "shape", "'a' has shape [4294967296, 4294967296], more bytes than any file can hold.", "[2]", "[4294967296,4294967296]")]
    [InlineData("length", "shape", "'a' has 8 bytes at data_offsets [0, 8]; its shape [3] of F32 takes 12.", "[2]", "[3]")]
    [InlineData("outside", "offsets", "'b' has data_offsets [8,16]; expected [begin, end] within the file's 14 bytes of data.", "[8,14]", "[8,16]")]
    [InlineData("reversed", "offsets", "'b' has data_offsets [14,8]; expected [begin, end]", "[8,14]", "[14,8]")]
    [InlineData("three", "offsets", "'b' has data_offsets [8,14,14]; expected a list of at most 2", "[8,14]", "[8,14,14]")]
    [InlineData("one", "offsets", "'b' has data_offsets [8]; expected [begin, end]", "[8,14]", "[8]")]
    [InlineData("overlap", "offsets", "'b' begins at data byte 6 and overlaps the end of 'a', byte 8; expected tensors one after another.", "[8,14]", "[6,12]")]
    [InlineData("gap", "offsets", "'a' begins at data byte 1 and leaves a gap after the data's start, byte 0", "[0,8]", "[1,9]")]
    [InlineData("rest", "offsets", "the tensors end at data byte 12; the file holds 14 bytes of data.", "[3],\"data_offsets\":[8,14]", "[2],\"data_offsets\":[8,12]")]
    [InlineData("entry", "entry", "'c' is 1; expected an object with dtype, shape and data_offsets.", "\"a\":", "\"c\":1,\"a\":")]
    [InlineData("metadata", "metadata", "__metadata__ is 1; expected an object of texts.", "{\"format\":\"pt\"}", "1")]
    [InlineData("metadata value", "metadata", "__metadata__ 'format' is 1; expected a text.", "\"pt\"", "1")]
    [InlineData("duplicate", "name", "the header is not usable JSON: Duplicate property 'a'", "\"b\":", "\"a\":")]
    [InlineData("broken", "json", "the header is not usable JSON: ", "}}", "}")]
    [InlineData("half pair", "json", "half of a surrogate pair", "\"b\":", "\"\\ud800\":")]
    public void Open_DamagedHeader_SaysWhatAndWhere(string name, string part, string expected, string find, string put)
    {
        string header = SafetensorsBytes.Header.Replace(find, put, StringComparison.Ordinal);
        Assert.NotEqual(SafetensorsBytes.Header, header);

        var error = Assert.Throws<CheckpointException>(() => Open(SafetensorsBytes.File(header, SafetensorsBytes.Data)));

        Assert.True(error.Message.Contains(expected, StringComparison.Ordinal), $"{name} ({part}): {error.Message}");
        Assert.StartsWith(_scratch["x.safetensors"] + ": ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_HeaderThatIsNoObject_SaysSo()
    {
        var error = Assert.Throws<CheckpointException>(() => Open(SafetensorsBytes.File("[1]", [])));
        Assert.Contains("the header is [1]; expected a JSON object", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_InvalidUtf8Name_SaysSo()
    {
        byte[] header = Encoding.Latin1.GetBytes(SafetensorsBytes.Header.Replace("\"b\"", "\"\u00ff\"", StringComparison.Ordinal));
        var error = Assert.Throws<CheckpointException>(() => Open(SafetensorsBytes.File(header, SafetensorsBytes.Data)));
        Assert.Contains("it is not valid UTF-8", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[0], "the file has 0 bytes; expected at least the 8")]
    [InlineData(new byte[] { 3, 0, 0, 0, 0, 0, 0, 0, 32, 32 }, "the header's length is 3 bytes; expected at most 2 (the file has 10)")]
    [InlineData(new byte[] { 255, 255, 255, 255, 255, 255, 255, 255, 32, 32 }, "the header's length is 18446744073709551615 bytes; expected at most 2")]
    public void Open_LengthsThatCannotBe_SaysWhichAndWhatWasExpected(byte[] content, string expected)
    {
        var error = Assert.Throws<CheckpointException>(() => Open(content));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_HeaderLongerThanTheBound_IsRefusedUnread()
    {
        // A sparse file: its header would fit, and must not be read.
        using (FileStream sparse = File.Create(_scratch["x.safetensors"]))
        {
            sparse.Write([0, 0, 0, 0, 1, 0, 0, 0]);
            sparse.SetLength(6L << 30);
        }

        var error = Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(_scratch["x.safetensors"]));
        Assert.Contains("the header's length is 4294967296 bytes; expected at most 100000000", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_AbsentFileOrDirectory_IsACheckpointError()
    {
        Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(_scratch["absent"]));
        Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(_scratch.Root));
    }

    [Fact]
    public void Open_ThousandsOfMutations_FailsCleanlyOrReadsWithinTheFile()
    {
        var random = new Random(20250101);
        byte[] sound = SafetensorsBytes.File(SafetensorsBytes.Header, SafetensorsBytes.Data);
        int refused = 0, accepted = 0;
        for (int round = 0; round < 3000; round++)
        {
            byte[] content = Mutate(sound, random);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                using SafetensorsFile file = Open(content);
                long sum = file.Entries.Values.Sum(entry => file.Bytes(entry).ToArray().Sum(x => (long)x));
                Assert.InRange(sum, 0, 255L * content.Length);
                accepted++;
            }
            catch (CheckpointException error)
            {
                Assert.StartsWith(_scratch["x.safetensors"], error.Message, StringComparison.Ordinal);
                refused++;
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        }

        // Changed data bytes and harmless header bytes stay readable; both outcomes must have been seen.
        Assert.InRange(refused, 1000, 3000);
        Assert.InRange(accepted, 50, 3000);
    }

    private static byte[] Mutate(byte[] sound, Random random)
    {
        List<byte> content = [.. sound];
        for (int edits = random.Next(1, 4); edits > 0; edits--)
        {
            int at = random.Next(random.Next(2) == 0 ? Math.Min(8, content.Count) : content.Count);
            switch (random.Next(6))
            {
                case 0:
                    content[at] = (byte)random.Next(256);
                    break;
                case 1:
                    content[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    content.RemoveRange(at, random.Next(content.Count - at));
                    content.AddRange(new byte[8]);
                    break;
                case 3:
                    content.InsertRange(at, content.GetRange(at, random.Next(Math.Min(40, content.Count - at))));
                    break;
                case 4:
                    content[at] = (byte)"0123456789{}[]\",:-e\\"[random.Next(20)];
                    break;
                default:
                    content[random.Next(content.Count)] = (byte)'9';
                    break;
            }
        }

        return [.. content];
    }

    private SafetensorsFile Open(byte[] content)
    {
        File.WriteAllBytes(_scratch["x.safetensors"], content);
        return SafetensorsFile.Open(_scratch["x.safetensors"]);
    }
}
