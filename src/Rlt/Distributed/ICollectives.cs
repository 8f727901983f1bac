using TorchSharp;

namespace Rlt.Distributed;

/// <summary>The collective operations of a group of ranks, each a process. Every rank calls the same ones, in the same order, with the same sizes.</summary>
/// <remarks>
/// Tensors are dense (contiguous), of float32, bfloat16 or int64, of any size. Sums are taken in the order of the ranks, bfloat16 ones in float32 and
/// rounded once: for a number of ranks they are the same bits at every run and on every rank. Operations that were begun are done in the order of
/// their beginning, beside the computation of the caller; a tensor of one may not be read, written or disposed before its <see cref="IWork.Wait"/>.
/// </remarks>
public interface ICollectives : IDisposable
{
    /// <summary>This process's number, from 0.</summary>
    int Rank { get; }

    /// <summary>The number of ranks.</summary>
    int Size { get; }

    /// <summary>This process's number among those of its machine, from 0.</summary>
    int LocalRank { get; }

    /// <summary>The number of ranks on its machine.</summary>
    int LocalSize { get; }

    /// <summary>The bytes that this rank's operations have had to send.</summary>
    Traffic Traffic { get; }

    /// <summary>Begins to sum a tensor over the ranks, in place.</summary>
    IWork BeginAllReduce(torch.Tensor x);

    /// <summary>Begins to sum over the ranks, each of which receives its share: elements [r·k, (r+1)·k) of the sum for rank r.</summary>
    /// <param name="input">n·k elements; they are not kept as they are where the output is a part of them.</param>
    /// <param name="output">k elements, of the same type; may be this rank's share of the input.</param>
    IWork BeginReduceScatter(torch.Tensor input, torch.Tensor output);

    /// <summary>Begins to put the ranks' tensors one after another, for every rank.</summary>
    /// <param name="input">k elements; may be this rank's share of the output.</param>
    /// <param name="output">n·k elements, of the same type.</param>
    IWork BeginAllGather(torch.Tensor input, torch.Tensor output);

    /// <summary>Begins to copy the root's tensor into that of every other rank.</summary>
    IWork BeginBroadcast(torch.Tensor x, int root);

    /// <summary>Every rank's bytes, of any lengths, for every rank.</summary>
    byte[][] AllGatherBytes(byte[] own);

    /// <summary>The root's bytes for every rank.</summary>
    /// <param name="own">The root's; what others give is not read.</param>
    /// <param name="root">The rank that has them.</param>
    byte[] BroadcastBytes(byte[] own, int root);

    /// <summary>Waits until every rank is here, with all that it began done.</summary>
    void Barrier();

    /// <summary>Ends every rank's process within seconds, wherever it is; does not return where there are others.</summary>
    void Abort(int exitCode);

    /// <inheritdoc cref="BeginAllReduce"/>
    void AllReduce(torch.Tensor x) => BeginAllReduce(x).Wait();

    /// <inheritdoc cref="BeginReduceScatter"/>
    void ReduceScatter(torch.Tensor input, torch.Tensor output) => BeginReduceScatter(input, output).Wait();

    /// <inheritdoc cref="BeginAllGather"/>
    void AllGather(torch.Tensor input, torch.Tensor output) => BeginAllGather(input, output).Wait();

    /// <inheritdoc cref="BeginBroadcast"/>
    void Broadcast(torch.Tensor x, int root) => BeginBroadcast(x, root).Wait();
}

/// <summary>An operation that was begun.</summary>
public interface IWork
{
    /// <summary>Returns when it is done, at once where it is; what it failed of is thrown here.</summary>
    void Wait();
}
