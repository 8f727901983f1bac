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
        Tensor wide = x.to(ScalarType.Float32);
        Tensor scale = (wide.square().mean([-1], keepdim: true) + Epsilon).rsqrt();
        return (wide * scale).to(x.dtype) * Weight.Value;
    }
}
