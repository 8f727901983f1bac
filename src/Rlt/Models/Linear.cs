using Rlt.Models.Adapters;
using static TorchSharp.torch;

namespace Rlt.Models;

/// <summary>A linear map with weight [out, in] and, where the checkpoint has one, a bias [out].</summary>
/// <param name="weight">[out, in], as Hugging Face stores it.</param>
/// <param name="bias">[out], or null.</param>
public sealed class Linear(Parameter weight, Parameter? bias)
{
    /// <summary>[out, in].</summary>
    public Parameter Weight { get; } = weight;

    /// <summary>[out], or null.</summary>
    public Parameter? Bias { get; } = bias;

    /// <summary>What is learned beside the weight; null where nothing is.</summary>
    public LoraAdapter? Adapter { get; internal set; }

    /// <summary>x Wᵀ + b over the last dimension, and what the adapter adds.</summary>
    public Tensor Apply(Tensor x)
    {
        Tensor y = nn.functional.linear(x, Weight.Value, Bias?.Value);
        return Adapter is null ? y : y + Adapter.Apply(x);
    }
}
