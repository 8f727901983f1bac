using Rlt.Text.Tokenization;

namespace Rlt.Tests.Text.Tokenization;

/// <summary>Finds the published tokenizers that scripts/fetch-tokenizers.sh gets.</summary>
internal static class RealTokenizers
{
    /// <summary>The names of all of them.</summary>
    public static IReadOnlyList<string> Names { get; } = ["qwen3", "llama3", "deepseek_v3", "gpt4o"];

    private static string Root { get; } = Environment.GetEnvironmentVariable("RLT_TOKENIZERS") is { Length: > 0 } named
        ? named
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "rlt-tokenizers");

    /// <summary>A tokenizer's directory; null when it is not on this machine.</summary>
    public static string? Find(string name)
    {
        string directory = Path.Combine(Root, name);
        return File.Exists(Path.Combine(directory, "tokenizer.json")) ? directory : null;
    }

    /// <summary>A tokenizer of the file tokenizer.json alone, as the golden ids were made: tokenizer_config.json may add a BOS.</summary>
    public static Tokenizer OfFileAlone(string name)
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("rlt-tokenizer-");
        try
        {
            File.CreateSymbolicLink(Path.Combine(directory.FullName, "tokenizer.json"), Path.Combine(Find(name)!, "tokenizer.json"));
            return Tokenizer.Load(directory.FullName);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <summary>Why tests of real tokenizers are skipped; null when they are not.</summary>
    public static string? Missing(bool needsGoldens)
    {
        var absent = Names.Where(name => Find(name) is null).ToList();
        return absent.Count > 0 ? $"the tokenizers {string.Join(", ", absent)} are not in {Root}; run scripts/fetch-tokenizers.sh"
            : needsGoldens && !Path.Exists(Golden.Find("tokenization/texts.jsonl")) ? "golden/tokenization/texts.jsonl is not on this machine"
            : null;
    }
}

/// <summary>A test of published tokenizers against their golden ids; skipped where either is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RealTokenizerTheoryAttribute : TheoryAttribute
{
    public RealTokenizerTheoryAttribute() => Skip = RealTokenizers.Missing(needsGoldens: true);
}
