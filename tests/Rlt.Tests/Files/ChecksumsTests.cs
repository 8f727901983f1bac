using Rlt.Files;
using Rlt.Tests.Data;

namespace Rlt.Tests.Files;

public sealed class ChecksumsTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public ChecksumsTests()
    {
        _scratch.Write("b", "");
        _scratch.Write("a", "abc");
        Checksums.Write(_scratch.Root);
    }

    public void Dispose() => _scratch.Dispose();

    // The sums of "abc" and of nothing are those of FIPS 180-4's examples.
    [Fact]
    public void Write_Directory_ListsEachFileAsSha256sumDoes() => Assert.Equal(
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  b\n",
        File.ReadAllText(_scratch[Checksums.FileName]));

    [Fact]
    public void Problem_FilesAsTheyWere_IsNone()
    {
        _scratch.Write("notes.txt", "a file that came later is no damage");
        Assert.Null(Checksums.Problem(_scratch.Root));
    }

    [Fact]
    public void Problem_OneBitOfAFile_IsNamed()
    {
        _scratch.Write("a", "abb");
        Assert.Equal("its a is not what was saved (its SHA-256 differs)", Checksums.Problem(_scratch.Root));
    }

    [Fact]
    public void Problem_MissingFile_IsNamed()
    {
        File.Delete(_scratch["b"]);
        Assert.Equal("its b is missing", Checksums.Problem(_scratch.Root));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a")]
    [InlineData("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  ../a\n")]
    [InlineData("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD  a\n")]
    [InlineData("ba7816bf  a\n")]
    public void Problem_ListThatIsNone_IsSaid(string? list)
    {
        File.Delete(_scratch[Checksums.FileName]);
        if (list is not null)
        {
            _scratch.Write(Checksums.FileName, list);
        }

        Assert.Equal("its SHA256SUMS is missing or damaged", Checksums.Problem(_scratch.Root));
    }
}
