using Rlt.Files;
using Rlt.Tests.Data;

namespace Rlt.Tests.Files;

public sealed class AtomicFileTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void WriteText_NewFolderThenReplaced_HoldsTheLastTextAlone()
    {
        string path = _scratch["a/b/f.txt"];
        AtomicFile.WriteText(path, "first, and longer");
        AtomicFile.WriteText(path, "é");
        Assert.Equal([0xc3, 0xa9], File.ReadAllBytes(path));
        Assert.Equal([path], Directory.GetFiles(_scratch["a/b"]));
    }

    [Fact]
    public void Write_CallbackThatThrows_KeepsTheEarlierFile()
    {
        string path = _scratch.Write("f", "earlier");
        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(path, stream =>
        {
            stream.Write("half"u8);
            throw new InvalidOperationException();
        }));
        Assert.Equal("earlier", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_scratch.Root));
    }

    [Fact]
    public void Commit_NotYetCalled_TheEarlierFileIsReadByOthers()
    {
        string path = _scratch.Write("f", "earlier");
        using var file = new AtomicFile(path);
        file.Stream.Write("later"u8);
        Assert.Equal("earlier", File.ReadAllText(path));
        file.Commit();
        Assert.Equal("later", File.ReadAllText(path));
        Assert.Throws<ObjectDisposedException>(file.Commit);
    }

    [Fact]
    public void Open_PartialFileOfAKilledProcess_IsOverwritten()
    {
        _scratch.Write("f.partial", "what was left, long");
        AtomicFile.WriteText(_scratch["f"], "x");
        Assert.Equal("x", File.ReadAllText(_scratch["f"]));
        Assert.False(File.Exists(_scratch["f.partial"]));
    }
}
