using Rlt.Distributed;
using static TorchSharp.torch;

namespace Rlt.Tests.Distributed;

/// <summary>Ranks that are threads of this process. Sums are taken in the ranks' order.</summary>
internal sealed class ThreadRanks : ICollectives
{
    private readonly Room _room;

    private ThreadRanks(int rank, Room room) => (Rank, _room, Traffic) = (rank, room, new Traffic(room.Size));

    public int Rank { get; }

    public int Size => _room.Size;

    public int LocalRank => Rank;

    public int LocalSize => Size;

    public Traffic Traffic { get; }

    /// <summary>Runs the same work on each of some ranks.</summary>
    /// <returns>What it gave on each.</returns>
    public static T[] Run<T>(int ranks, Func<ICollectives, T> work)
    {
        using var room = new Room(ranks);
        var results = new T[ranks];
        var errors = new Exception?[ranks];
        Thread[] threads = [.. Enumerable.Range(0, ranks).Select(rank => new Thread(() =>
        {
            try
            {
                results[rank] = work(new ThreadRanks(rank, room));
            }
            catch (Exception error)
            {
                errors[rank] = error;
                room.Leave();
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        return errors.OfType<Exception>().ToArray() is { Length: > 0 } failed ? throw new AggregateException(failed) : results;
    }

    public IWork BeginAllReduce(Tensor x)
    {
        Traffic.AddAllReduce(x.numel() * x.element_size());
        return Meet(x, all => x.copy_(Sum(all)));
    }

    public IWork BeginReduceScatter(Tensor input, Tensor output)
    {
        Traffic.AddReduceScatter(input.numel() * input.element_size());
        return Meet(input, all => output.view(-1).copy_(Sum(all).view(Size, -1)[Rank]));
    }

    public IWork BeginAllGather(Tensor input, Tensor output)
    {
        Traffic.AddAllGather(output.numel() * output.element_size());
        return Meet(input, all => output.view(Size, -1).copy_(stack(all.Select(part => part.view(-1)))));
    }

    public IWork BeginBroadcast(Tensor x, int root) => Meet(x, all => x.copy_(all[root]));

    public byte[][] AllGatherBytes(byte[] own) => [.. _room.Exchange(Rank, own).Cast<byte[]>()];

    public byte[] BroadcastBytes(byte[] own, int root) => AllGatherBytes(own)[root];

    public void Barrier() => _room.Exchange(Rank, Rank);

    public void Abort(int exitCode) => throw new InvalidOperationException($"aborted with {exitCode}");

    public void Dispose()
    {
    }

    private static Tensor Sum(Tensor[] all) => all.Skip(1).Aggregate(all[0].to(ScalarType.Float32), (sum, next) => sum + next);

    private Done Meet(Tensor own, Action<Tensor[]> then)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        Tensor[] all = [.. _room.Exchange(Rank, own.clone()).Cast<Tensor>()];
        then(all);
        _room.Exchange(Rank, Rank);
        return new Done();
    }

    private sealed class Done : IWork
    {
        public void Wait()
        {
        }
    }

    /// <summary>Where the ranks meet.</summary>
    private sealed class Room(int size) : IDisposable
    {
        private readonly Barrier _barrier = new(size);
        private object[] _given = new object[size];

        public int Size => size;

        public object[] Exchange(int rank, object own)
        {
            _given[rank] = own;
            Arrive();
            object[] all = [.. _given];
            Arrive();
            return all;
        }

        public void Leave() => _barrier.Dispose();

        public void Dispose() => _barrier.Dispose();

        private void Arrive()
        {
            if (!_barrier.SignalAndWait(TimeSpan.FromSeconds(60)))
            {
                throw new TimeoutException("another rank does not come");
            }
        }
    }
}
