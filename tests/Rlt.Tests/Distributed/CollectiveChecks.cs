using System.Text;
using Rlt.Distributed;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlt.Tests.Distributed;

/// <summary>What every implementation of the collectives does; run on each of several ranks.</summary>
internal static class CollectiveChecks
{
    // One element, fewer than ranks, no multiple of them, and more than a piece.
    private static readonly int[] Sizes = [1, 3, 1030, 60_001];

    /// <summary>All of it.</summary>
    /// <param name="ranks">The implementation.</param>
    /// <param name="halfBytes">Bytes by which it sums a bfloat16.</param>
    public static void All(ICollectives ranks, int halfBytes)
    {
        Counted(ranks, halfBytes);
        Sums(ranks);
        Orders(ranks);
        Shares(ranks);
        Bytes(ranks);
        Begun(ranks);
    }

    /// <summary>Equal, bit for bit, to the ranks' values added in their order.</summary>
    private static void Sums(ICollectives ranks)
    {
        foreach (int size in Sizes)
        {
            foreach (ScalarType type in new[] { ScalarType.Float32, ScalarType.BFloat16, ScalarType.Int64 })
            {
                using var scope = NewDisposeScope();
                Tensor sum = Values(ranks.Rank, size, type);
                ranks.AllReduce(sum);
                Same(Expected(ranks.Size, size, type), sum);
            }
        }
    }

    /// <summary>The order of the ranks is seen where rounding loses a value, and bfloat16 is rounded once, in both the vector's part and the rest.</summary>
    private static void Orders(ICollectives ranks)
    {
        if (ranks.Size != 4)
        {
            return;
        }

        using var scope = NewDisposeScope();
        foreach (int size in new[] { 1, 999, 40_000 })
        {
            Tensor single = full(size, new[] { 1e8f, 1, -1e8f, 1 }[ranks.Rank]);
            ranks.AllReduce(single);
            Same(full(size, 1f), single);

            // 1 + 1/256 would be rounded to 1, twice; 1 + 2/256 is a bfloat16.
            Tensor half = full(size, new[] { 1f, 1 / 256f, 1 / 256f, 0 }[ranks.Rank]).to(ScalarType.BFloat16);
            ranks.AllReduce(half);
            Same(full(size, 1 + (1 / 128f)).to(ScalarType.BFloat16), half);

            Tensor broken = full(size, ranks.Rank == 2 ? float.NaN : 1f).to(ScalarType.BFloat16);
            ranks.AllReduce(broken);
            Assert.True(broken.isnan().all().item<bool>());
        }
    }

    /// <summary>Reduce-scatter, all-gather and broadcast, into other tensors and in place.</summary>
    private static void Shares(ICollectives ranks)
    {
        foreach (int share in Sizes)
        {
            foreach (ScalarType type in new[] { ScalarType.Float32, ScalarType.BFloat16, ScalarType.Int64 })
            {
                using var scope = NewDisposeScope();
                Tensor expected = Expected(ranks.Size, share * ranks.Size, type), own = expected.narrow(0, ranks.Rank * share, share).clone();
                Tensor input = Values(ranks.Rank, share * ranks.Size, type), output = zeros(share, type);
                ranks.ReduceScatter(input, output);
                Same(own, output);
                Same(Values(ranks.Rank, share * ranks.Size, type), input);
                Tensor place = input.narrow(0, ranks.Rank * share, share);
                ranks.ReduceScatter(input, place);
                Same(own, place);

                Tensor gathered = zeros(share * ranks.Size, type);
                ranks.AllGather(output, gathered);
                Same(expected, gathered);
                Tensor whole = zeros(share * ranks.Size, type), part = whole.narrow(0, ranks.Rank * share, share);
                part.copy_(own);
                ranks.AllGather(part, whole);
                Same(expected, whole);

                Tensor sent = Values(ranks.Rank, share, type);
                ranks.Broadcast(sent, root: ranks.Size - 1);
                Same(Values(ranks.Size - 1, share, type), sent);
            }
        }

        Assert.Throws<ArgumentException>(() => ranks.AllGather(zeros(3), zeros((3 * ranks.Size) + 1)));
        Assert.Throws<ArgumentException>(() => ranks.AllReduce(zeros(4, 4).t()));
        Assert.Throws<ArgumentException>(() => ranks.AllReduce(zeros(4, ScalarType.Float64)));
    }

    private static void Bytes(ICollectives ranks)
    {
        byte[][] texts = ranks.AllGatherBytes(Encoding.UTF8.GetBytes(new string('x', 20_000 * ranks.Rank)));
        Assert.Equal(Enumerable.Range(0, ranks.Size).Select(rank => 20_000 * rank), texts.Select(text => text.Length));
        Assert.All(texts[^1], x => Assert.Equal((byte)'x', x));
        Assert.Equal(Enumerable.Repeat(Array.Empty<byte>(), ranks.Size), ranks.AllGatherBytes([]));
        Assert.Equal("from the last", Encoding.UTF8.GetString(
            ranks.BroadcastBytes(ranks.Rank == ranks.Size - 1 ? Encoding.UTF8.GetBytes("from the last") : [1], ranks.Size - 1)));
        Assert.Equal((ranks.Rank, ranks.Size), (ranks.LocalRank, ranks.LocalSize));
        // MPI's handlers of signals have not taken the place of the runtime's.
        Assert.Throws<NullReferenceException>(() => ((string)null!).Length);
    }

    /// <summary>Operations are begun one after another, and waited for in another order, while the caller computes.</summary>
    private static void Begun(ICollectives ranks)
    {
        using var scope = NewDisposeScope();
        Tensor[] layers = [.. Enumerable.Range(0, 6).Select(layer => Values(ranks.Rank, 5000 + layer, ScalarType.Float32))];
        IWork[] begun = [.. layers.Select(ranks.BeginAllReduce)];
        Tensor computed = ones(200, 200).mm(ones(200, 200));
        foreach ((IWork work, Tensor layer) in begun.Zip(layers).Reverse())
        {
            work.Wait();
            Same(Expected(ranks.Size, (int)layer.numel(), ScalarType.Float32), layer);
        }

        Assert.Equal(200f, computed[0, 0].item<float>());
        ranks.Barrier();
    }

    private static void Counted(ICollectives ranks, int halfBytes)
    {
        using var scope = NewDisposeScope();
        int n = ranks.Size;
        ranks.AllReduce(zeros(1000));
        ranks.ReduceScatter(zeros(100 * n, ScalarType.BFloat16), zeros(100, ScalarType.BFloat16));
        ranks.AllGather(zeros(10, ScalarType.Int64), zeros(10 * n, ScalarType.Int64));
        ranks.Broadcast(zeros(500), 0);
        Assert.Equal(
            (2 * 4000L * (n - 1) / n, 100L * halfBytes * (n - 1), 80L * (n - 1), 2000L * (n - 1) / n),
            (ranks.Traffic.AllReduce, ranks.Traffic.ReduceScatter, ranks.Traffic.AllGather, ranks.Traffic.Broadcast));
        Assert.Equal(ranks.Traffic.Total, ranks.Traffic.AllReduce + ranks.Traffic.ReduceScatter + ranks.Traffic.AllGather + ranks.Traffic.Broadcast);
    }

    // Of several sizes, so that the order of a sum is seen in its last bits.
    private static Tensor Values(int rank, int size, ScalarType type)
    {
        using var _ = NewDisposeScope();
        Tensor i = arange(size, ScalarType.Float64) + (rank * 7919);
        Tensor x = type == ScalarType.Int64 ? (i * 1e12).to(type) : (i.sin() * pow(10, (i * 0.37).cos() * 4)).to(type);
        return x.MoveToOuterDisposeScope();
    }

    private static Tensor Expected(int ranks, int size, ScalarType type)
    {
        using var _ = NewDisposeScope();
        ScalarType wide = type == ScalarType.BFloat16 ? ScalarType.Float32 : type;
        Tensor sum = Values(0, size, type).to(wide);
        for (int rank = 1; rank < ranks; rank++)
        {
            sum = sum + Values(rank, size, type).to(wide);
        }

        return sum.to(type).MoveToOuterDisposeScope();
    }

    private static void Same(Tensor expected, Tensor actual) =>
        Assert.True(expected.eq(actual).all().item<bool>(), $"{(expected.to(ScalarType.Float64) - actual.to(ScalarType.Float64)).abs().max().item<double>()} apart");
}
