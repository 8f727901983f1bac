namespace Rlt.Tests;

/// <summary>Texts that are approved as files beside the tests of their room; with RLT_APPROVE=1 the files are written.</summary>
internal static class Approved
{
    /// <summary>Fails where the text is not that of the file.</summary>
    /// <param name="file">The file's path below tests/Rlt.Tests.</param>
    /// <param name="text">What came out.</param>
    public static void Equal(string file, string text)
    {
        string path = Path.Combine(Golden.RepositoryRoot, "tests", "Rlt.Tests", file);
        if (Environment.GetEnvironmentVariable("RLT_APPROVE") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
        }

        Assert.Equal(File.ReadAllText(path), text);
    }
}
