namespace Rlt.Models;

/// <summary>The names under which a checkpoint's files hold the model's weights.</summary>
/// <remarks>
/// As transformers takes them: a file of the body alone has no "model." before its names; of two tied weights one is enough, whichever; and
/// buffers of older exports are passed over.
/// </remarks>
internal sealed class StoredNames
{
    /// <summary>The output head's name.</summary>
    public const string Head = "lm_head.weight";

    private const string BodyPrefix = "model.";
    private readonly Dictionary<string, string> _storedOf = new(StringComparer.Ordinal);

    private StoredNames()
    {
    }

    /// <summary>Expected names that the files do not have.</summary>
    public IReadOnlyList<string> Missing { get; private init; } = [];

    /// <summary>Names in the files of parts beside the text part, which are left as they are.</summary>
    public IReadOnlyList<string> Beside { get; private init; } = [];

    /// <summary>Names in the files that are none of the model's.</summary>
    public IReadOnlyList<string> Unexpected { get; private init; } = [];

    /// <summary>The name in the files of an expected one that is not missing.</summary>
    public string this[string expected] => _storedOf[expected];

    /// <summary>Finds the expected names among those of the files.</summary>
    public static StoredNames Of(IEnumerable<string> stored, IEnumerable<string> expected, ModelConfig config)
    {
        HashSet<string> there = [.. stored];
        Func<string, string> form = FormOf(there, config);
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string name in expected)
        {
            string candidate = form(name);
            if (there.Contains(candidate))
            {
                found.Add(name, candidate);
            }
            else if (there.Contains(candidate + FourBitExperts.Blocks) && there.Contains(candidate + FourBitExperts.Scales))
            {
                found.Add(name, candidate + FourBitExperts.Blocks);
            }
            else if (name == config.EmbeddingName && config.TiedEmbeddings && there.Contains(form(Head)))
            {
                found.Add(name, form(Head));
            }
        }

        HashSet<string> used = [.. found.Values, .. found.Values.Select(FourBitExperts.ScalesOf).OfType<string>()];
        ILookup<bool, string> others = stored.Except(used).Where(name => !IsSpare(name, form, config)).ToLookup(name => IsBeside(name, form, config));
        var names = new StoredNames
        {
            Missing = [.. expected.Where(name => !found.ContainsKey(name))],
            Beside = [.. others[true]],
            Unexpected = [.. others[false]],
        };
        foreach ((string name, string storedName) in found)
        {
            names._storedOf.Add(name, storedName);
        }

        return names;
    }

    // How the files write a name. Nested checkpoints of transformers 4 have the body's prefix the other way round, and the head under it.
    private static Func<string, string> FormOf(HashSet<string> there, ModelConfig config)
    {
        const string Older = "language_model.";
        if (config.IsNested)
        {
            return there.Any(name => name.StartsWith(Older, StringComparison.Ordinal))
                ? name => Older + (name == Head ? Head : BodyPrefix + name[config.Body.Length..]) : name => name;
        }

        bool isBody = !there.Any(name => name.StartsWith(BodyPrefix, StringComparison.Ordinal));
        return name => isBody && name.StartsWith(BodyPrefix, StringComparison.Ordinal) ? name[BodyPrefix.Length..] : name;
    }

    private static bool IsSpare(string name, Func<string, string> form, ModelConfig config) =>
        name.EndsWith("rotary_emb.inv_freq", StringComparison.Ordinal) || (config.TiedEmbeddings && name == form(Head));

    private static bool IsBeside(string name, Func<string, string> form, ModelConfig config) =>
        config.PassesOver(name) || (config.IsNested && name != form(Head) && !name.StartsWith(form(config.Body), StringComparison.Ordinal));
}
