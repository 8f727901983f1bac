using static TorchSharp.torch;

namespace Rlt.Models.Layers;

// N rows, S segments, T the longest path's rows
/// <summary>A run of rows that attend to themselves, causally, and to all rows of a parent run.</summary>
/// <param name="Start">The first row.</param>
/// <param name="Length">Rows.</param>
/// <param name="Parent">The parent's index among the segments, which comes before and has no parent itself; −1 for none.</param>
public readonly record struct SequenceSegment(int Start, int Length, int Parent);

/// <summary>
/// How sequences lie in the rows of one pass: one after another without padding. Sequences that begin alike can share those rows: the shared
/// beginning is a segment, and each continuation a segment with it as parent.
/// </summary>
public sealed class SequenceLayout : IDisposable
{
    private readonly Device _device;
    private (Tensor Rows_ST, Tensor Places_N)? _padded;

    /// <summary>A layout of segments that follow each other and cover all rows.</summary>
    /// <param name="segments">The segments.</param>
    /// <param name="device">Where it is used.</param>
    /// <param name="lengths">Tokens of each segment's sequence, which may be more than are in the rows; null: those in the rows.</param>
    public SequenceLayout(IReadOnlyList<SequenceSegment> segments, Device device, IReadOnlyList<int>? lengths = null)
    {
        (Segments, _device) = (segments, device);
        RowCount = segments.Sum(segment => segment.Length);
        (var positions, var whole) = (new long[RowCount], new long[RowCount]);
        var table = new List<long>();
        for (int s = 0; s < segments.Count; s++)
        {
            SequenceSegment segment = segments[s];
            SequenceSegment parent = segment.Parent < 0 ? default : segments[segment.Parent];
            table.AddRange([segment.Start, segment.Length, parent.Start, parent.Length]);
            for (int i = 0; i < segment.Length; i++)
            {
                positions[segment.Start + i] = parent.Length + i;
                whole[segment.Start + i] = lengths?[s] ?? parent.Length + segment.Length;
            }

            Longest = Math.Max(Longest, parent.Length + segment.Length);
        }

        Positions_N = tensor(positions, device: device).DetachFromDisposeScope();
        Lengths_N = tensor(whole, device: device).DetachFromDisposeScope();
        Table_S4 = tensor(table.ToArray(), [segments.Count, 4]).DetachFromDisposeScope();
    }

    /// <summary>The segments, in the order of their rows.</summary>
    public IReadOnlyList<SequenceSegment> Segments { get; }

    /// <summary>N.</summary>
    public int RowCount { get; }

    /// <summary>Tokens of the longest sequence, its parent's included.</summary>
    public int Longest { get; }

    /// <summary>Each row's position in its sequence, int64.</summary>
    public Tensor Positions_N { get; }

    /// <summary>Tokens of each row's sequence, int64.</summary>
    public Tensor Lengths_N { get; }

    /// <summary>Start, length, parent's start and parent's length of each segment, int64, on the CPU.</summary>
    public Tensor Table_S4 { get; }

    /// <summary>
    /// For operators that want whole sequences of one length: the rows of each segment behind its parent's, right-padded with row 0; and each row's
    /// place there.
    /// </summary>
    internal (Tensor Rows_ST, Tensor Places_N) Padded => _padded ??= Pad();

    /// <summary>The layout of separate sequences of the given lengths.</summary>
    public static SequenceLayout Of(IEnumerable<int> lengths, Device device)
    {
        var segments = new List<SequenceSegment>();
        int start = 0;
        foreach (int length in lengths)
        {
            segments.Add(new SequenceSegment(start, length, -1));
            start += length;
        }

        return new SequenceLayout(segments, device);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Positions_N.Dispose();
        Lengths_N.Dispose();
        Table_S4.Dispose();
        _padded?.Rows_ST.Dispose();
        _padded?.Places_N.Dispose();
    }

    private (Tensor Rows_ST, Tensor Places_N) Pad()
    {
        var rows = new long[Segments.Count * Longest];
        var places = new long[RowCount];
        for (int s = 0; s < Segments.Count; s++)
        {
            SequenceSegment segment = Segments[s];
            int at = s * Longest;
            foreach (SequenceSegment part in segment.Parent < 0 ? new[] { segment } : [Segments[segment.Parent], segment])
            {
                for (int i = 0; i < part.Length; i++, at++)
                {
                    rows[at] = part.Start + i;
                    if (part == segment)
                    {
                        places[part.Start + i] = at;
                    }
                }
            }
        }

        return (tensor(rows, [Segments.Count, Longest], device: _device).DetachFromDisposeScope(), tensor(places, device: _device).DetachFromDisposeScope());
    }
}
