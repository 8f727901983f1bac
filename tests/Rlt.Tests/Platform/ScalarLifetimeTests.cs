using static TorchSharp.torch;

namespace Rlt.Tests.Platform;

/// <summary>The numbers that TorchSharp passes to libtorch, while the collector frees all it can.</summary>
public sealed class ScalarLifetimeTests
{
    [KernelFact]
    public void Scalars_CollectedDuringACall_KeepTheirValue()
    {
        using var ended = new CancellationTokenSource();
        var collector = new Thread(() =>
        {
            while (!ended.IsCancellationRequested)
            {
                GC.Collect(0);
                GC.WaitForPendingFinalizers();
            }
        });
        collector.Start();
        try
        {
            using Tensor x = ones(4096);
            using Tensor y = ones(4096);
            for (int i = 1; i <= 20_000; i++)
            {
                using Tensor sum = Sum(x, y, i);
                Assert.Equal(i + 2, sum[0].item<float>());
            }
        }
        finally
        {
            ended.Cancel();
            collector.Join();
        }
    }

    // x + y + n, with TorchSharp's own factor of y and a number of ours.
    private static Tensor Sum(Tensor x, Tensor y, float n)
    {
        using Tensor both = x + y;
        return both + n;
    }
}
