namespace Rlt.Text.Tokenization.Models;

/// <summary>
/// The symbols of one word while they merge: a linked list, and a queue of the pairs that can merge, so that a word of n symbols takes
/// n log n steps.
/// </summary>
internal sealed class BpeWord
{
    // Below this many symbols, looking at all of them for the next merge beats keeping a queue.
    private const int ShortWord = 24;

    // Symbols for which space is kept from one word to the next.
    private const int MostKept = 1 << 16;

    private readonly List<Symbol> _symbols = [];
    private readonly PriorityQueue<int, (int Rank, int At)> _queue = new();

    /// <summary>Whether the last symbol stands for something unknown.</summary>
    public bool EndsUnknown { get; private set; }

    /// <summary>Empties the word, giving back the space of a very long one.</summary>
    public void Clear()
    {
        _symbols.Clear();
        EndsUnknown = false;
        if (_symbols.Capacity > MostKept)
        {
            _symbols.Capacity = 0;
            _queue.TrimExcess();
        }
    }

    /// <summary>Adds a symbol that covers a range of the piece.</summary>
    public void Add(int id, int start, int end, bool isUnknown)
    {
        _symbols.Add(new Symbol(id, start, end, _symbols.Count - 1, _symbols.Count + 1));
        EndsUnknown = isUnknown;
    }

    /// <summary>Widens the last symbol.</summary>
    public void ExtendLast(int end) => _symbols[^1] = _symbols[^1] with { End = end };

    /// <summary>Merges until no pair does, and returns what is left.</summary>
    public ModelToken[] Merge(BpeMerges merges)
    {
        if (_symbols.Count <= ShortWord)
        {
            MergeShort(merges);
            return [.. _symbols.Select(symbol => new ModelToken(symbol.Id, symbol.Start, symbol.End))];
        }

        return MergeLong(merges);
    }

    private void MergeShort(BpeMerges merges)
    {
        while (true)
        {
            int best = -1;
            (int Rank, int Id) bestMerge = (int.MaxValue, -1);
            for (int i = 0; i + 1 < _symbols.Count; i++)
            {
                if (merges.TryGet(_symbols[i].Id, _symbols[i + 1].Id, out var merge) && merge.Rank < bestMerge.Rank)
                {
                    (best, bestMerge) = (i, merge);
                }
            }

            if (best < 0)
            {
                return;
            }

            _symbols[best] = _symbols[best] with { Id = bestMerge.Id, End = _symbols[best + 1].End };
            _symbols.RemoveAt(best + 1);
        }
    }

    private ModelToken[] MergeLong(BpeMerges merges)
    {
        _queue.Clear();
        for (int i = 0; i < _symbols.Count; i++)
        {
            Enqueue(i, merges);
        }

        while (_queue.TryDequeue(out int at, out var priority))
        {
            // A pair one of whose symbols has merged elsewhere since is out of date.
            var left = _symbols[at];
            if (left.Id < 0 || left.Next >= _symbols.Count
                || !merges.TryGet(left.Id, _symbols[left.Next].Id, out var merge) || merge.Rank != priority.Rank)
            {
                continue;
            }

            var right = _symbols[left.Next];
            _symbols[left.Next] = right with { Id = -1 };
            _symbols[at] = left with { Id = merge.Id, End = right.End, Next = right.Next };
            if (right.Next < _symbols.Count)
            {
                _symbols[right.Next] = _symbols[right.Next] with { Previous = at };
            }

            Enqueue(at, merges);
            Enqueue(left.Previous, merges);
        }

        return [.. _symbols.Where(symbol => symbol.Id >= 0).Select(symbol => new ModelToken(symbol.Id, symbol.Start, symbol.End))];
    }

    private void Enqueue(int at, BpeMerges merges)
    {
        if (at >= 0 && _symbols[at].Next < _symbols.Count && merges.TryGet(_symbols[at].Id, _symbols[_symbols[at].Next].Id, out var merge))
        {
            _queue.Enqueue(at, (merge.Rank, at));
        }
    }

    private readonly record struct Symbol(int Id, int Start, int End, int Previous, int Next);
}
