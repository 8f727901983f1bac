namespace Rlt.Text.Tokenization.Models;

/// <summary>Which pairs of tokens merge, in what order of preference, and into what.</summary>
internal sealed class BpeMerges
{
    private const long KeyFactor = unchecked((long)0x9E3779B97F4A7C15);

    // Their product is 1 modulo 2^64.
    private const long KeyFactorInverse = unchecked((long)0xF1DE83E19937733D);

    private readonly Dictionary<long, (int Rank, int Id)> _merges;

    /// <summary>Makes room for a number of merges.</summary>
    public BpeMerges(int capacity) => _merges = new Dictionary<long, (int Rank, int Id)>(capacity);

    /// <summary>Adds the next merge; of two for the same pair the last counts.</summary>
    public void Add(int rank, int left, int right, int merged) => _merges[Key(left, right)] = (rank, merged);

    /// <summary>Whether two tokens merge; a lower rank goes first.</summary>
    public bool TryGet(int left, int right, out (int Rank, int Id) merge) => _merges.TryGetValue(Key(left, right), out merge);

    /// <summary>The pairs in the order they merge.</summary>
    public IEnumerable<(int Left, int Right)> InOrder() =>
        _merges.OrderBy(merge => merge.Value.Rank).Select(merge => merge.Key * KeyFactorInverse).Select(key => ((int)(key >> 32), (int)key));

    // A long's hash code is the exclusive or of its halves, the same for every pair of equal ids; multiplying by an odd number keeps keys
    // apart and spreads their hash codes.
    private static long Key(int left, int right) => unchecked((((long)left << 32) | (uint)right) * KeyFactor);
}
