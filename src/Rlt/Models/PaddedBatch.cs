using static TorchSharp.torch;

namespace Rlt.Models;

// B rows, T the longest row's tokens, N scored tokens of all rows, one after another
/// <summary>Sequences of a batch, right-padded, with the positions whose next token is scored.</summary>
public sealed class PaddedBatch : IDisposable
{
    /// <summary>Pads the sequences to the longest. The last token of a row predicts nothing, so it is not part of the input.</summary>
    public PaddedBatch(IReadOnlyList<TokenSequence> sequences, Device device)
    {
        Sequences = sequences;
        long width = sequences.Max(sequence => sequence.Ids.Length - 1);
        var ids = new long[sequences.Count * width];
        var positions = new List<long>();
        var targets = new List<long>();
        for (int row = 0; row < sequences.Count; row++)
        {
            (int[] tokens, int from, _) = sequences[row];
            for (int i = 0; i < tokens.Length - 1; i++)
            {
                ids[(row * width) + i] = tokens[i];
            }

            for (int i = from; i < tokens.Length; i++)
            {
                positions.Add((row * width) + i - 1);
                targets.Add(tokens[i]);
            }
        }

        Ids_BT = tensor(ids, [sequences.Count, width], device: device).DetachFromDisposeScope();
        Positions_N = tensor(positions.ToArray(), device: device).DetachFromDisposeScope();
        Targets_N = tensor(targets.ToArray(), device: device).DetachFromDisposeScope();
    }

    /// <summary>The sequences, in row order.</summary>
    public IReadOnlyList<TokenSequence> Sequences { get; }

    /// <summary>Inputs, int64.</summary>
    public Tensor Ids_BT { get; }

    /// <summary>Indices into the flattened [B · T] hidden states.</summary>
    public Tensor Positions_N { get; }

    /// <summary>The tokens scored at those positions, int64.</summary>
    public Tensor Targets_N { get; }

    /// <summary>The hidden states at the scored positions: [N, D].</summary>
    public Tensor Select(Tensor hidden_BTD) => hidden_BTD.reshape(-1, hidden_BTD.size(-1)).index_select(0, Positions_N);

    /// <summary>Splits sequences into batches of at most <paramref name="tokenBudget"/> padded tokens (at least one sequence each), longest first.</summary>
    /// <returns>The sequences' indices, batch by batch; every index once.</returns>
    public static IReadOnlyList<int[]> Split(IReadOnlyList<TokenSequence> sequences, int tokenBudget)
    {
        int[] longestFirst = [.. Enumerable.Range(0, sequences.Count).OrderByDescending(i => sequences[i].Ids.Length)];
        var batches = new List<int[]>();
        for (int start = 0; start < longestFirst.Length;)
        {
            int rows = Math.Max(1, tokenBudget / Math.Max(1, sequences[longestFirst[start]].Ids.Length));
            batches.Add(longestFirst[start..Math.Min(longestFirst.Length, start + rows)]);
            start += rows;
        }

        return batches;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Ids_BT.Dispose();
        Positions_N.Dispose();
        Targets_N.Dispose();
    }
}
