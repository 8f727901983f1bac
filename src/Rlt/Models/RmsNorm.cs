using Rlt.Platform;
using static TorchSharp.torch;

namespace Rlt.Models;

/// <summary>Root-mean-square normalisation over the last dimension, computed in float32.</summary>
/// <param name="Weight">[D] or, for queries and keys, [E].</param>
/// <param name="Epsilon">Added to the mean square.</param>
public sealed record RmsNorm(Parameter Weight, double Epsilon)
{
    /// <summary>x / √(mean(x²) + ε) · weight, in x's dtype.</summary>
    public Tensor Apply(Tensor x)
    {
        if (CpuKernels.Serve(x))
        {
            return CpuKernels.RmsNorm(x, Weight.Value, Epsilon);
        }

        Tensor wide = x.to(ScalarType.Float32);
        Tensor scale = (wide.square().mean([-1], keepdim: true) + Epsilon).rsqrt();
        return (wide * scale).to(x.dtype) * Weight.Value;
    }

    /// <summary>x + delta, and what <see cref="Apply"/> makes of it.</summary>
    public (Tensor Sum, Tensor Normed) AddThenApply(Tensor x, Tensor delta)
    {
        if (CpuKernels.Serve(x))
        {
            return CpuKernels.AddRmsNorm(x, delta, Weight.Value, Epsilon);
        }

        Tensor sum = x + delta;
        return (sum, Apply(sum));
    }
}
