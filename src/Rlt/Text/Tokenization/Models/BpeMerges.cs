namespace Rlt.Text.Tokenization.Models;

/// <summary>Which pairs of tokens merge, in what order of preference, and into what.</summary>
internal sealed partial class BpeMerges
{
    private const long KeyFactor = unchecked((long)0x9E3779B97F4A7C15);

    private readonly Dictionary<long, (int Rank, int Id)> _merges;

    /// <summary>Makes room for a number of merges.</summary>
    public BpeMerges(int capacity) => _merges = new Dictionary<long, (int Rank, int Id)>(capacity);

    /// <summary>Adds the next merge; of two for the same pair the last counts.</summary>
    public void Add(int rank, int left, int right, int merged) => _merges[Key(left, right)] = (rank, merged);

    /// <summary>Whether two tokens merge; a lower rank goes first.</summary>
    public bool TryGet(int left, int right, out (int Rank, int Id) merge) => _merges.TryGetValue(Key(left, right), out merge);

    // A long's hash code is the exclusive or of its halves, the same for every pair of equal ids; multiplying by an odd number keeps keys
    // apart and spreads their hash codes.
    private static long Key(int left, int right) => unchecked((((long)left << 32) | (uint)right) * KeyFactor);
}
