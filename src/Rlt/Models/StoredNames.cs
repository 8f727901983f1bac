namespace Rlt.Models;

/// <summary>The names under which a checkpoint's files hold the model's weights.</summary>
/// <remarks>
/// As transformers takes them: a file of the body alone has no "model." before its names; of two tied weights one is enough, whichever; and
/// buffers of older exports are passed over.
/// </remarks>
internal sealed class StoredNames
{
    /// <summary>The embedding's name.</summary>
    public const string Embedding = "model.embed_tokens.weight";

    /// <summary>The output head's name.</summary>
    public const string Head = "lm_head.weight";

    private const string BodyPrefix = "model.";
    private readonly Dictionary<string, string> _storedOf = new(StringComparer.Ordinal);

    private StoredNames()
    {
    }

    /// <summary>Expected names that the files do not have.</summary>
    public IReadOnlyList<string> Missing { get; private init; } = [];

    /// <summary>Names in the files that are none of the model's.</summary>
    public IReadOnlyList<string> Unexpected { get; private init; } = [];

    /// <summary>The name in the files of an expected one that is not missing.</summary>
    public string this[string expected] => _storedOf[expected];

    /// <summary>Finds the expected names among those of the files.</summary>
    public static StoredNames Of(IEnumerable<string> stored, IEnumerable<string> expected, ModelConfig config)
    {
        HashSet<string> there = [.. stored];
        bool isBody = !there.Any(name => name.StartsWith(BodyPrefix, StringComparison.Ordinal));
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string name in expected)
        {
            string bare = isBody && name.StartsWith(BodyPrefix, StringComparison.Ordinal) ? name[BodyPrefix.Length..] : name;
            if (there.Contains(bare))
            {
                found.Add(name, bare);
            }
            else if (name == Embedding && config.TiedEmbeddings && there.Contains(Head))
            {
                found.Add(name, Head);
            }
        }

        var names = new StoredNames
        {
            Missing = [.. expected.Where(name => !found.ContainsKey(name))],
            Unexpected = [.. stored.Except(found.Values).Where(name => !MayBeIgnored(name, config))],
        };
        foreach ((string name, string storedName) in found)
        {
            names._storedOf.Add(name, storedName);
        }

        return names;
    }

    private static bool MayBeIgnored(string name, ModelConfig config) =>
        name.EndsWith("rotary_emb.inv_freq", StringComparison.Ordinal) || (config.TiedEmbeddings && name == Head);
}
