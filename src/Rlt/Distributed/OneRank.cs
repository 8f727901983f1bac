using TorchSharp;

namespace Rlt.Distributed;

/// <summary>A process alone: nothing is sent.</summary>
public sealed class OneRank : ICollectives, IWork
{
    private OneRank()
    {
    }

    /// <summary>The one there is.</summary>
    public static OneRank Instance { get; } = new();

    /// <inheritdoc/>
    public int Rank => 0;

    /// <inheritdoc/>
    public int Size => 1;

    /// <inheritdoc/>
    public int LocalRank => 0;

    /// <inheritdoc/>
    public int LocalSize => 1;

    /// <inheritdoc/>
    public Traffic Traffic { get; } = new(1);

    /// <inheritdoc/>
    public IWork BeginAllReduce(torch.Tensor x) => this;

    /// <inheritdoc/>
    public IWork BeginReduceScatter(torch.Tensor input, torch.Tensor output) => Copy(input, output);

    /// <inheritdoc/>
    public IWork BeginAllGather(torch.Tensor input, torch.Tensor output) => Copy(input, output);

    /// <inheritdoc/>
    public IWork BeginBroadcast(torch.Tensor x, int root) => this;

    /// <inheritdoc/>
    public byte[][] AllGatherBytes(byte[] own) => [own];

    /// <inheritdoc/>
    public byte[] BroadcastBytes(byte[] own, int root) => own;

    /// <inheritdoc/>
    public void Barrier()
    {
    }

    /// <inheritdoc/>
    public void Abort(int exitCode)
    {
    }

    /// <inheritdoc/>
    public void Wait()
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private OneRank Copy(torch.Tensor input, torch.Tensor output)
    {
        using var guard = torch.no_grad();
        using torch.Tensor flat = input.view(output.shape);
        output.copy_(flat);
        return this;
    }
}
