namespace Rlt.Text.Tokenization.Models;

/// <summary>Which pairs of tokens merge, in what order of preference, and into what.</summary>
internal sealed class BpeMerges
{
    private const long KeyFactor = unchecked((long)0x9E3779B97F4A7C15);

    private readonly List<(int Left, int Right, int Merged)> _inOrder;
    private readonly Lazy<Dictionary<long, (int Rank, int Id)>> _byPair;

    /// <summary>Makes room for a number of merges.</summary>
    public BpeMerges(int capacity)
    {
        _inOrder = new(capacity);
        _byPair = new(MakeByPair);
    }

    /// <summary>Adds the next merge; of two for the same pair the last counts.</summary>
    public void Add(int left, int right, int merged) => _inOrder.Add((left, right, merged));

    /// <summary>Whether two tokens merge; a lower rank goes first.</summary>
    public bool TryGet(int left, int right, out (int Rank, int Id) merge) => _byPair.Value.TryGetValue(Key(left, right), out merge);

    /// <summary>The merges as lines of a merges.txt, which cannot be told for tokens that hold a space.</summary>
    public IEnumerable<string> Lines(Dictionary<string, int> vocabulary)
    {
        var tokens = vocabulary.ToDictionary(pair => pair.Value, pair => pair.Key);
        return _inOrder.AsEnumerable().Reverse().DistinctBy(merge => Key(merge.Left, merge.Right)).Reverse()
            .Select(merge => $"{tokens[merge.Left]} {tokens[merge.Right]}");
    }

    private Dictionary<long, (int Rank, int Id)> MakeByPair()
    {
        var byPair = new Dictionary<long, (int Rank, int Id)>(_inOrder.Count);
        for (int rank = 0; rank < _inOrder.Count; rank++)
        {
            var (left, right, merged) = _inOrder[rank];
            byPair[Key(left, right)] = (rank, merged);
        }

        return byPair;
    }

    // A long's hash code is the exclusive or of its halves, the same for every pair of equal ids; multiplying by an odd number keeps keys
    // apart and spreads their hash codes.
    private static long Key(int left, int right) => unchecked((((long)left << 32) | (uint)right) * KeyFactor);
}
