using static TorchSharp.torch;

namespace Rlt.Models;

/// <summary>A linear map with weight [out, in] and, where the checkpoint has one, a bias [out].</summary>
/// <param name="Weight">[out, in], as Hugging Face stores it.</param>
/// <param name="Bias">[out], or null.</param>
public sealed record Linear(Parameter Weight, Parameter? Bias)
{
    /// <summary>x Wᵀ + b over the last dimension.</summary>
    public Tensor Apply(Tensor x) => nn.functional.linear(x, Weight.Value, Bias?.Value);
}
