namespace Rlt.Text.Tokenization.Models;

/// <summary>
/// Remembers the tokens of words that came twice. Each word has one place, which the last one to come twice has, so that the size is
/// bounded.
/// </summary>
/// <remarks>Keeping words that never come again costs more, in garbage collections, than merging the others a second time.</remarks>
internal sealed class WordCache
{
    private const int Places = 1 << 17;
    private const int MaxLength = 64;

    private readonly Entry?[] _entries = new Entry?[Places];
    private readonly int[] _cameOnce = new int[Places];

    /// <summary>The tokens of a word, if they are known.</summary>
    public bool TryGet(ReadOnlySpan<char> word, out ModelToken[]? tokens)
    {
        var entry = word.Length <= MaxLength ? Volatile.Read(ref _entries[PlaceOf(string.GetHashCode(word))]) : null;
        tokens = entry is not null && word.SequenceEqual(entry.Word) ? entry.Tokens : null;
        return tokens is not null;
    }

    /// <summary>Remembers a word unless it is long or comes for the first time.</summary>
    public void Add(ReadOnlySpan<char> word, ModelToken[] tokens)
    {
        if (word.Length > MaxLength)
        {
            return;
        }

        int hash = string.GetHashCode(word);
        ref int cameOnce = ref _cameOnce[PlaceOf(hash)];
        if (cameOnce == hash)
        {
            Volatile.Write(ref _entries[PlaceOf(hash)], new Entry(word.ToString(), tokens));
        }

        cameOnce = hash;
    }

    private static int PlaceOf(int hash) => hash & (Places - 1);

    private sealed record Entry(string Word, ModelToken[] Tokens);
}
