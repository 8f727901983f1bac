using System.Text;
using System.Text.Json.Nodes;
using Rlt.Runs.TensorBoard;
using Rlt.Tests.Data;

namespace Rlt.Tests.Runs;

/// <summary>TensorBoard's files: checksums, framing, messages, and what a resumed run makes of them.</summary>
public sealed class EventFileTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    // RFC 3720, B.4, and the check value of the polynomial.
    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000", 0x8A9136AA)]
    [InlineData("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", 0x62A8AB43)]
    [InlineData("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", 0x46DD794E)]
    [InlineData("313233343536373839", 0xE3069283)]
    public void Crc32C_KnownVectors(string bytes, uint expected) => Assert.Equal(expected, Crc32C.Of(Convert.FromHexString(bytes)));

    // The first twelve bytes of every file that TensorFlow's own writer makes.
    [Fact]
    public void Frame_OfTwentyFourBytes_BeginsAsTensorFlowsFilesDo() =>
        Assert.Equal("1800000000000000A37F4B22", Convert.ToHexString(TfRecord.Frame(new byte[24])[..12]));

    [Fact]
    public void Read_DamagedOrCutRecord_EndsBeforeIt()
    {
        byte[] file = [.. TfRecord.Frame("one"u8), .. TfRecord.Frame("three"u8)];
        Assert.Equal(["one", "three"], Texts(file));
        Assert.Equal(["one"], Texts(file[..^1]));
        Assert.Equal(["one"], Texts(file[..30]));
        Assert.Empty(Texts([.. TfRecord.Frame("one"u8)[..^1], 0]));

        // A length of terabytes with a right checksum is more than the file has.
        Assert.Empty(Texts(Convert.FromHexString("FFFFFFFFFFFFFF7F").Concat(BitConverter.GetBytes(Crc32C.Masked(Convert.FromHexString("FFFFFFFFFFFFFF7F")))).Concat(new byte[8]).ToArray()));
        for (int i = 0; i < 19; i++)
        {
            byte[] flipped = [.. file];
            flipped[i] ^= 4;
            Assert.Empty(Texts(flipped));
        }
    }

    [Fact]
    public void Write_Steps_AreScalarsInTheirGroups()
    {
        using (EventFile events = EventFile.Open(_scratch.Root, 0, TimeProvider.System))
        {
            events.Write(new JsonObject { ["step"] = 1, ["reward"] = -1.5, ["loss"] = 2, ["seconds_sample"] = 0.25, ["note"] = "a text", ["nothing"] = null });
            events.Write(new JsonObject { ["step"] = 300, ["reward"] = 1e-3 });
        }

        byte[][] records = [.. EventReader.Records(File.ReadAllBytes(Files().Single()))];
        Assert.Equal("brain.Event:2", Encoding.UTF8.GetString(EventReader.Fields(records[0]).Single(field => field.Number == 3).Bytes));
        Assert.Equal([1, 1], EventReader.Fields(EventReader.Fields(records[1]).Single(field => field.Number == 7).Bytes).SelectMany(field => new[] { field.Number, (int)field.Bits }));
        (long Step, Dictionary<string, float> Values)[] steps = [.. EventReader.Scalars(_scratch.Root)];
        Assert.Equal([1, 300], steps.Select(step => step.Step));
        Assert.Equal(new Dictionary<string, float> { ["reward/reward"] = -1.5f, ["learning/loss"] = 2, ["speed/seconds_sample"] = 0.25f }, steps[0].Values);
        Assert.Equal(1e-3f, steps[1].Values["reward/reward"]);
        double now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;
        Assert.All(records, record => Assert.InRange(BitConverter.UInt64BitsToDouble(EventReader.Fields(record).Single(field => field.Number == 1).Bits), now - 60, now + 1));
    }

    [Fact]
    public void Open_Resumed_DropsLaterStepsAndWhatWasCutOff()
    {
        Write(0, 1, 2, 3);
        string first = Files().Single();
        File.AppendAllBytes(first, TfRecord.Frame("half"u8)[..9]);
        Write(2, 3, 4);
        Assert.Equal([1, 2, 3, 4], Steps());
        Assert.Equal([1, 2], EventReader.Records(File.ReadAllBytes(first)).Select(EventReader.Step).Skip(2));

        // From the beginning: nothing is left of either file.
        Write(0, 1);
        Assert.Equal([1], Steps());
        Assert.Single(Files());
    }

    private static IEnumerable<string> Texts(byte[] file) => TfRecord.Read(file).Select(record => Encoding.UTF8.GetString(record.Content.Span));

    private string[] Files() => Directory.GetFiles(_scratch.Root);

    private IEnumerable<long> Steps() => EventReader.Scalars(_scratch.Root).Select(step => step.Step);

    private void Write(int done, params int[] steps)
    {
        using EventFile events = EventFile.Open(_scratch.Root, done, TimeProvider.System);
        foreach (int step in steps)
        {
            events.Write(new JsonObject { ["step"] = step, ["reward"] = 1 });
        }
    }
}
