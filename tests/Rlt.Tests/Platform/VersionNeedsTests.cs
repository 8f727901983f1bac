using System.Diagnostics;
using System.Text;
using Rlt.Platform;

namespace Rlt.Tests.Platform;

/// <summary>TorchSharp's library names a version of libstdc++ that it does not use; only such names become weak.</summary>
public sealed class VersionNeedsTests
{
    private const string Runtime = "libstdc++.so.6";

    private static string TorchSharp => Path.Combine(AppContext.BaseDirectory, "libLibTorchSharp.so");

    [Fact]
    public void WeakenUnused_TorchSharpsLibrary_ChangesOneByte()
    {
        byte[] library = File.ReadAllBytes(TorchSharp);
        byte[] before = [.. library];
        Assert.Equal(["GLIBCXX_3.4.32"], VersionNeeds.WeakenUnused(library, Runtime));
        (byte Before, byte After)[] changed = [.. before.Zip(library).Where(pair => pair.First != pair.Second)];
        Assert.Equal([((byte)0, (byte)2)], changed);
        Assert.Empty(VersionNeeds.WeakenUnused(library, Runtime));
    }

    [Fact]
    public void WeakenUnused_LibraryThatUsesAllItNames_ChangesNothing()
    {
        byte[] library = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "libc10.so"));
        byte[] before = [.. library];
        Assert.Empty(VersionNeeds.WeakenUnused(library, Runtime));
        Assert.Equal(before, library);
        Assert.Empty(VersionNeeds.WeakenUnused(library, "libother.so"));
    }

    [Theory]
    [InlineData(0, "no 64-bit little-endian ELF file")]
    [InlineData(3, "no 64-bit little-endian ELF file")]
    [InlineData(40, "outside of the file")]
    [InlineData(4096, "outside of the file")]
    public void WeakenUnused_CutFile_SaysWhatIsWrong(int length, string expected)
    {
        byte[] library = File.ReadAllBytes(TorchSharp)[..length];
        Assert.Contains(expected, Assert.Throws<InvalidDataException>(() => VersionNeeds.WeakenUnused(library, Runtime)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WeakenUnused_OtherLayouts_SayWhatIsWrong()
    {
        byte[] library = File.ReadAllBytes(TorchSharp);
        library.AsSpan(40, 8).Clear();
        Assert.Contains("no sections", Assert.Throws<InvalidDataException>(() => VersionNeeds.WeakenUnused(library, Runtime)).Message, StringComparison.Ordinal);
        byte[] script = Encoding.ASCII.GetBytes("INPUT ( libreal.so )" + new string(' ', 100));
        Assert.Throws<InvalidDataException>(() => VersionNeeds.WeakenUnused(script, Runtime));
    }

    /// <summary>Every offset of the file is replaced by one that leads nowhere: an error, never another.</summary>
    [Fact]
    public void WeakenUnused_DamagedTables_NeverReadOutside()
    {
        byte[] library = File.ReadAllBytes(TorchSharp);
        int sections = (int)BitConverter.ToInt64(library, 40);
        var random = new Random(3);
        for (int i = 0; i < 300; i++)
        {
            byte[] damaged = [.. library];
            damaged[random.Next(sections, library.Length)] ^= (byte)(1 << random.Next(8));
            try
            {
                VersionNeeds.WeakenUnused(damaged, Runtime);
            }
            catch (InvalidDataException)
            {
                // The only error there is.
            }
        }
    }

    /// <summary>Where no temporary file can be written, the library is loaded from memory.</summary>
    [Fact]
    public void Load_NoTemporaryFolder_StillLoads()
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "rlt.dll"), "doctor"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["TMPDIR"] = "/nowhere";
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, output);
    }
}
