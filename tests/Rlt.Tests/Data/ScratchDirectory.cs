namespace Rlt.Tests.Data;

/// <summary>A fresh directory for one test, removed with it.</summary>
internal sealed class ScratchDirectory : IDisposable
{
    public ScratchDirectory() => Root = Directory.CreateTempSubdirectory("rlt-test-").FullName;

    public string Root { get; }

    /// <summary>The path of a file in the directory.</summary>
    public string this[string name] => Path.Combine(Root, name);

    /// <summary>Writes a text file and returns its path.</summary>
    public string Write(string name, string text)
    {
        File.WriteAllText(this[name], text);
        return this[name];
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
