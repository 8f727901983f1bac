using System.Collections.Concurrent;

namespace Rlt.Text.Tokenization.Models;

/// <summary>Remembers the tokens of words; emptied when full, so that its size is bounded.</summary>
internal sealed class WordCache
{
    private const int MaxWords = 1 << 16;
    private const int MaxLength = 64;

    private readonly ConcurrentDictionary<string, ModelToken[]> _words = new();
    private readonly ConcurrentDictionary<string, ModelToken[]>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private int _count;

    /// <summary>Makes an empty cache.</summary>
    public WordCache() => _lookup = _words.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The tokens of a word, if they are known.</summary>
    public bool TryGet(ReadOnlySpan<char> word, out ModelToken[]? tokens)
    {
        tokens = null;
        return word.Length <= MaxLength && _lookup.TryGetValue(word, out tokens);
    }

    /// <summary>Remembers a word unless it is long: long words seldom come again.</summary>
    public void Add(ReadOnlySpan<char> word, ModelToken[] tokens)
    {
        if (word.Length > MaxLength)
        {
            return;
        }

        if (Interlocked.Increment(ref _count) > MaxWords)
        {
            _words.Clear();
            Interlocked.Exchange(ref _count, 1);
        }

        _lookup[word] = tokens;
    }
}
