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

    // Pairs by the rank of their merge, then by their place: rank in the upper half, index of the left symbol in the lower.
    private readonly PriorityQueue<long, long> _queue = new();
    private Symbol[] _symbols = new Symbol[64];
    private int _count;

    /// <summary>Whether the last symbol stands for something unknown.</summary>
    public bool EndsUnknown { get; private set; }

    /// <summary>Empties the word, giving back the space of a very long one.</summary>
    public void Clear()
    {
        _count = 0;
        EndsUnknown = false;
        if (_symbols.Length > MostKept)
        {
            _symbols = new Symbol[64];
            _queue.TrimExcess();
        }
    }

    /// <summary>Adds a symbol that covers a range of the piece.</summary>
    public void Add(int id, int start, int end, bool isUnknown)
    {
        if (_count == _symbols.Length)
        {
            Array.Resize(ref _symbols, 2 * _count);
        }

        _symbols[_count] = new Symbol { Id = id, Start = start, End = end, Previous = _count - 1, Next = _count + 1 };
        _count++;
        EndsUnknown = isUnknown;
    }

    /// <summary>Widens the last symbol.</summary>
    public void ExtendLast(int end) => _symbols[_count - 1].End = end;

    /// <summary>Merges until no pair does, and returns what is left.</summary>
    public ModelToken[] Merge(BpeMerges merges)
    {
        if (_count <= ShortWord)
        {
            MergeShort(merges);
        }
        else
        {
            MergeLong(merges);
        }

        var tokens = new ModelToken[_count];
        for (int i = 0; i < _count; i++)
        {
            tokens[i] = new ModelToken(_symbols[i].Id, _symbols[i].Start, _symbols[i].End);
        }

        return tokens;
    }

    private void MergeShort(BpeMerges merges)
    {
        while (true)
        {
            int best = -1;
            (int Rank, int Id) bestMerge = (int.MaxValue, -1);
            for (int i = 0; i + 1 < _count; i++)
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

            _symbols[best].Id = bestMerge.Id;
            _symbols[best].End = _symbols[best + 1].End;
            _count--;
            Array.Copy(_symbols, best + 2, _symbols, best + 1, _count - best - 1);
        }
    }

    private void MergeLong(BpeMerges merges)
    {
        _queue.Clear();
        for (int i = 0; i < _count; i++)
        {
            Enqueue(i, merges);
        }

        while (_queue.TryDequeue(out long pair, out _))
        {
            // A pair one of whose symbols has merged elsewhere since is out of date.
            int at = (int)pair;
            ref var left = ref _symbols[at];
            if (left.Id < 0 || left.Next >= _count || !merges.TryGet(left.Id, _symbols[left.Next].Id, out var merge) || merge.Rank != (int)(pair >> 32))
            {
                continue;
            }

            ref var right = ref _symbols[left.Next];
            left.Id = merge.Id;
            left.End = right.End;
            left.Next = right.Next;
            right.Id = -1;
            if (left.Next < _count)
            {
                _symbols[left.Next].Previous = at;
            }

            Enqueue(at, merges);
            Enqueue(left.Previous, merges);
        }

        int kept = 0;
        for (int i = 0; i < _count; i++)
        {
            if (_symbols[i].Id >= 0)
            {
                _symbols[kept++] = _symbols[i];
            }
        }

        _count = kept;
    }

    private void Enqueue(int at, BpeMerges merges)
    {
        if (at >= 0 && _symbols[at].Next < _count && merges.TryGet(_symbols[at].Id, _symbols[_symbols[at].Next].Id, out var merge))
        {
            long pair = ((long)merge.Rank << 32) | (uint)at;
            _queue.Enqueue(pair, pair);
        }
    }

    private struct Symbol
    {
        public int Id;
        public int Start;
        public int End;
        public int Previous;
        public int Next;
    }
}
