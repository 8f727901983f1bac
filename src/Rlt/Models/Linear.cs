using Rlt.Models.Adapters;
using Rlt.Platform;
using static TorchSharp.torch;

namespace Rlt.Models;

/// <summary>A linear map with weight [out, in] and, where the checkpoint has one, a bias [out].</summary>
/// <param name="weight">[out, in], as Hugging Face stores it.</param>
/// <param name="bias">[out], or null.</param>
public sealed class Linear(Parameter weight, Parameter? bias)
{
    // Rows of a decoding step, for which a general product is slower: it first writes the weights out anew.
    private const int FewRows = 256;

    /// <summary>[out, in].</summary>
    public Parameter Weight { get; } = weight;

    /// <summary>[out], or null.</summary>
    public Parameter? Bias { get; } = bias;

    /// <summary>What is learned beside the weight; null where nothing is.</summary>
    public LoraAdapter? Adapter { get; internal set; }

    /// <summary>x Wᵀ + b over the last dimension, and what the adapter adds.</summary>
    public Tensor Apply(Tensor x)
    {
        Tensor y = Map(x, Weight.Value, Bias?.Value);
        return Adapter is null ? y : y + Adapter.Apply(x);
    }

    /// <summary>x Wᵀ + b of x [N, in].</summary>
    internal static Tensor Map(Tensor x, Tensor weight, Tensor? bias) => x.size(0) <= FewRows && !is_grad_enabled() && CpuKernels.Serve(x)
        ? CpuKernels.LinearOfFewRows(x, weight, bias)
        : nn.functional.linear(x, weight, bias);
}
