namespace Rlt.Text.Tokenization.Models;

/// <summary>Remembers the tokens of words; each word has one place, which the last to come takes, so that its size is bounded.</summary>
internal sealed class WordCache
{
    private const int Places = 1 << 17;
    private const int MaxLength = 64;

    private readonly Entry?[] _entries = new Entry?[Places];

    /// <summary>The tokens of a word, if they are known.</summary>
    public bool TryGet(ReadOnlySpan<char> word, out ModelToken[]? tokens)
    {
        var entry = word.Length <= MaxLength ? Volatile.Read(ref PlaceOf(word)) : null;
        tokens = entry is not null && word.SequenceEqual(entry.Word) ? entry.Tokens : null;
        return tokens is not null;
    }

    /// <summary>Remembers a word unless it is long: long words seldom come again.</summary>
    public void Add(ReadOnlySpan<char> word, ModelToken[] tokens)
    {
        if (word.Length <= MaxLength)
        {
            Volatile.Write(ref PlaceOf(word), new Entry(word.ToString(), tokens));
        }
    }

    private ref Entry? PlaceOf(ReadOnlySpan<char> word) => ref _entries[string.GetHashCode(word) & (Places - 1)];

    private sealed record Entry(string Word, ModelToken[] Tokens);
}
