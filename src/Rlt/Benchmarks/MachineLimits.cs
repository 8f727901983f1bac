using Rlt.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlt.Benchmarks;

/// <summary>What the machine reaches at best in this very run: nothing can be faster.</summary>
/// <param name="GemmFlops">Operations a second of the fastest matrix product, in the measured dtype.</param>
/// <param name="CopyBytes">Bytes a second read and written by a copy too large for the caches.</param>
public sealed record MachineLimits(double GemmFlops, double CopyBytes)
{
    private const double Seconds = 0.4;

    /// <summary>Measures a device in about two seconds.</summary>
    public static MachineLimits Measure(ScalarType dtype, Device device)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        double best = 0;
        int large = device.type == DeviceType.CUDA ? 8192 : 2048;
        foreach ((int rows, int depth, int columns) in new[] { (large, large, large), (8192, 512, 4096) })
        {
            (Tensor a, Tensor b) = (randn([rows, depth], device: device).to(dtype), randn([columns, depth], device: device).to(dtype));
            double seconds = Stopwatches.Fastest(() => Linear.Product(a, b, null).Dispose(), device, Seconds);
            best = Math.Max(best, 2.0 * rows * depth * columns / seconds);
        }

        long elements = device.type == DeviceType.CUDA ? 1L << 30 : 1L << 26;
        (Tensor from, Tensor to) = (zeros([elements], ScalarType.Float32, device), zeros([elements], ScalarType.Float32, device));
        return new MachineLimits(best, 8.0 * elements / Stopwatches.Fastest(() => to.copy_(from), device, Seconds));
    }
}
