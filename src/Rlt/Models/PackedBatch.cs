using Rlt.Distributed;
using Rlt.Models.Layers;
using static TorchSharp.torch;

namespace Rlt.Models;

// R rows, D width, N scored tokens of all sequences, one after another
/// <summary>
/// Sequences of a batch, packed without padding, with the rows whose next token is scored. Sequences with the same context have its rows once.
/// </summary>
public sealed class PackedBatch : IDisposable
{
    /// <summary>Packs the sequences. The last token of each predicts nothing, so it is not part of the input.</summary>
    /// <param name="sequences">The sequences.</param>
    /// <param name="device">Where they go.</param>
    /// <param name="lengthBoundary">The model's (ModelConfig.LengthBoundary): sequences on both sides of it share no context.</param>
    /// <param name="sharesContext">Whether others have a sequence's context, in this batch or another: it is then computed as one of its own, so that the
    /// numbers do not depend on how the sequences are split; null: as those of this batch do.</param>
    public PackedBatch(
        IReadOnlyList<TokenSequence> sequences, Device device, int lengthBoundary = int.MaxValue, IReadOnlyList<bool>? sharesContext = null)
    {
        Sequences = sequences;
        var lengths = new List<int>();
        var ids = new List<long>();
        var segments = new List<SequenceSegment>();
        var rows = new List<long>[sequences.Count];
        foreach (int[] group in ByContext(sequences, lengthBoundary))
        {
            Add(group, group.Length > 1 || sharesContext?[group[0]] == true, ids, segments, lengths, rows);
        }

        Layout = new SequenceLayout(segments, device, lengths);
        Ids_R = tensor(ids.ToArray(), device: device).DetachFromDisposeScope();
        Rows_N = tensor(rows.SelectMany(row => row).ToArray(), device: device).DetachFromDisposeScope();
        long[] targets = [.. sequences.SelectMany(sequence => sequence.Ids.Skip(sequence.From).Select(id => (long)id))];
        Targets_N = tensor(targets, device: device).DetachFromDisposeScope();
    }

    /// <summary>The sequences, in the order of their scored tokens.</summary>
    public IReadOnlyList<TokenSequence> Sequences { get; }

    /// <summary>Where the sequences lie.</summary>
    public SequenceLayout Layout { get; }

    /// <summary>Inputs, int64.</summary>
    public Tensor Ids_R { get; }

    /// <summary>The row from which each scored token is predicted, int64; a shared context's last row comes once a sequence.</summary>
    public Tensor Rows_N { get; }

    /// <summary>The scored tokens, int64.</summary>
    public Tensor Targets_N { get; }

    /// <summary>The hidden states from which the scored tokens are predicted: [N, D].</summary>
    public Tensor Select(Tensor hidden_RD) => hidden_RD.index_select(0, Rows_N);

    /// <summary>
    /// Splits sequences into batches of at most <paramref name="tokenBudget"/> rows (at least one sequence each), longest first; sequences with the
    /// same context stay together as far as they fit.
    /// </summary>
    /// <returns>The sequences' indices, batch by batch; every index once.</returns>
    public static IReadOnlyList<int[]> Split(IReadOnlyList<TokenSequence> sequences, int tokenBudget, int lengthBoundary = int.MaxValue)
    {
        var batches = new List<int[]>();
        var batch = new List<int>();
        int used = 0;
        foreach (int[] group in ByContext(sequences, lengthBoundary).OrderByDescending(group => sequences[group[0]].Ids.Length))
        {
            bool first = true;
            foreach (int i in group)
            {
                int own = sequences[i].Ids.Length - (first ? 0 : sequences[i].From);
                if (batch.Count > 0 && used + own > tokenBudget)
                {
                    batches.Add([.. batch]);
                    batch.Clear();
                    used = 0;
                    own = sequences[i].Ids.Length;
                }

                batch.Add(i);
                used += own;
                first = false;
            }
        }

        if (batch.Count > 0)
        {
            batches.Add([.. batch]);
        }

        return batches;
    }

    /// <summary>For each sequence whether another has the same context.</summary>
    public static bool[] ShareContext(IReadOnlyList<TokenSequence> sequences, int lengthBoundary = int.MaxValue)
    {
        var shared = new bool[sequences.Count];
        foreach (int i in ByContext(sequences, lengthBoundary).Where(group => group.Length > 1).SelectMany(group => group))
        {
            shared[i] = true;
        }

        return shared;
    }

    /// <summary>Splits sequences over ranks by their tokens; sequences with the same context stay together but where a rank's share ends among them.</summary>
    /// <returns>For each rank the indices of its sequences.</returns>
    public static IReadOnlyList<int[]> Share(IReadOnlyList<TokenSequence> sequences, int ranks, int lengthBoundary = int.MaxValue)
    {
        var line = new List<(int Index, long Tokens)>();
        foreach (int[] group in ByContext(sequences, lengthBoundary))
        {
            line.AddRange(group.Select((i, place) => (i, (long)sequences[i].Ids.Length - (place == 0 ? 0 : sequences[i].From))));
        }

        return [.. WorkShare.Cut([.. line.Select(item => item.Tokens)], ranks).Select(share => line[share].Select(item => item.Index).ToArray())];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Layout.Dispose();
        Ids_R.Dispose();
        Rows_N.Dispose();
        Targets_N.Dispose();
    }

    // Groups of sequences whose tokens before the first scored one are the same, longest sequence first; in the order of their first members.
    private static IEnumerable<int[]> ByContext(IReadOnlyList<TokenSequence> sequences, int lengthBoundary) =>
        Enumerable.Range(0, sequences.Count)
            .GroupBy(i => sequences[i], new ContextComparer(lengthBoundary))
            .Select(group => group.OrderByDescending(i => sequences[i].Ids.Length).ToArray());

    private void Add(int[] group, bool apart, List<long> ids, List<SequenceSegment> segments, List<int> lengths, List<long>[] rows)
    {
        int shared = -1;
        int context = Sequences[group[0]].From;
        if (apart)
        {
            shared = segments.Count;
            segments.Add(new SequenceSegment(ids.Count, context, -1));
            lengths.Add(Sequences[group[0]].Ids.Length);
            ids.AddRange(Sequences[group[0]].Ids.Take(context).Select(id => (long)id));
        }

        int lastShared = ids.Count - 1;
        foreach (int i in group)
        {
            int[] tokens = Sequences[i].Ids;
            int from = shared < 0 ? 0 : context;
            int start = ids.Count;
            int length = Math.Max(0, tokens.Length - 1 - from);
            if (length > 0)
            {
                segments.Add(new SequenceSegment(start, length, shared));
                lengths.Add(tokens.Length);
                ids.AddRange(tokens.Skip(from).Take(length).Select(id => (long)id));
            }

            rows[i] = [.. Enumerable.Range(context, Sequences[i].ScoredCount).Select(t => t - 1 < from ? lastShared : (long)start + t - 1 - from)];
        }
    }

    private sealed class ContextComparer(int lengthBoundary) : IEqualityComparer<TokenSequence>
    {
        public bool Equals(TokenSequence? x, TokenSequence? y) => x is not null && y is not null
            && x.Ids.Length > lengthBoundary == y.Ids.Length > lengthBoundary && Context(x).SequenceEqual(Context(y));

        public int GetHashCode(TokenSequence sequence)
        {
            var hash = default(HashCode);
            foreach (int id in Context(sequence))
            {
                hash.Add(id);
            }

            return hash.ToHashCode();
        }

        private static ReadOnlySpan<int> Context(TokenSequence sequence) => sequence.Ids.AsSpan(0, Math.Min(sequence.From, sequence.Ids.Length));
    }
}
