using static TorchSharp.torch;

namespace Rlt.Distributed;

// N ranks, C numbers of a rank's pieces of all tensors
/// <summary>Several tensors as one buffer [N, C] of one operation: row r has rank r's piece of each, one after another, filled up with zeros.</summary>
/// <param name="sizes">How many numbers each tensor has.</param>
/// <param name="ranks">The ranks.</param>
public sealed class PieceLayout(IReadOnlyList<long> sizes, int ranks)
{
    private readonly long[] _starts = [.. sizes.Aggregate(new List<long> { 0 }, (starts, size) => [.. starts, starts[^1] + ((size + ranks - 1) / ranks)])];

    /// <summary>C.</summary>
    public long Width => _starts[^1];

    /// <summary>A tensor's part of one rank's row [C]: its piece, without what fills it up.</summary>
    public Tensor Piece(Tensor row_C, int tensor, int rank) => row_C.narrow(0, _starts[tensor], Sharding.PieceOf(sizes[tensor], rank, ranks).Length);

    /// <summary>Copies a whole tensor into the buffer, into the buffer's type.</summary>
    public void Pack(Tensor whole, int tensor, Tensor buffer_NC) => Each(whole, tensor, buffer_NC, (piece, stored) => stored.copy_(piece));

    /// <summary>Copies a whole tensor out of the buffer.</summary>
    public void Unpack(Tensor buffer_NC, int tensor, Tensor whole) => Each(whole, tensor, buffer_NC, (piece, stored) => piece.copy_(stored));

    private void Each(Tensor whole, int tensor, Tensor buffer_NC, Action<Tensor, Tensor> copy)
    {
        using var scope = NewDisposeScope();
        Tensor flat = whole.view(-1);
        if (sizes[tensor] % ranks == 0)
        {
            copy(flat.view(ranks, -1), buffer_NC.narrow(1, _starts[tensor], sizes[tensor] / ranks));
            return;
        }

        for (int rank = 0; rank < ranks; rank++)
        {
            (long start, long length) = Sharding.PieceOf(sizes[tensor], rank, ranks);
            if (length > 0)
            {
                copy(flat.narrow(0, start, length), Piece(buffer_NC[rank], tensor, rank));
            }
        }
    }
}
