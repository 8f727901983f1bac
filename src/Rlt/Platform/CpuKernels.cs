using static TorchSharp.torch;

namespace Rlt.Platform;

/// <summary>
/// The tensor layer's fused kernels for the CPU, float32 and bfloat16. Callers have plain operators for all other tensors, and for the
/// TorchSharp packages, which lack the kernels.
/// </summary>
public static class CpuKernels
{
#if TORCHSHARP_PACKAGES
    private static NotSupportedException Missing => new("the TorchSharp packages have no fused kernels");

    /// <summary>Whether the kernels work on the tensor.</summary>
    public static bool Serve(Tensor x) => false;

    /// <summary>Root-mean-square normalisation of x [N, D].</summary>
    public static Tensor RmsNorm(Tensor x, Tensor weight, double epsilon) => throw Missing;

    /// <summary>x + delta and its normalisation.</summary>
    public static (Tensor Sum, Tensor Normed) AddRmsNorm(Tensor x, Tensor delta, Tensor weight, double epsilon) => throw Missing;

    /// <summary>Rotary positions of x [N, H, E].</summary>
    public static Tensor Rotate(Tensor x, Tensor cos, Tensor sin, Tensor positions) => throw Missing;

    /// <summary>silu(gate) · up.</summary>
    public static Tensor SwiGlu(Tensor gate, Tensor up) => throw Missing;

    /// <summary>x Wᵀ + b of a few rows.</summary>
    public static Tensor LinearOfFewRows(Tensor x, Tensor weight, Tensor? bias) => throw Missing;

    /// <summary>Causal attention of packed segments.</summary>
    public static Tensor Attention(Tensor q, Tensor k, Tensor v, Tensor segments) => throw Missing;

    /// <summary>Writes keys and values into a cache of blocks.</summary>
    public static void CacheWrite(Tensor k, Tensor v, Tensor slots, Tensor keys, Tensor values) => throw Missing;

    /// <summary>Attention of one query a row to a cache of blocks.</summary>
    public static Tensor CacheAttention(Tensor q, Tensor keys, Tensor values, Tensor tables, Tensor lengths) => throw Missing;

    /// <summary>Log-probabilities of targets.</summary>
    public static (Tensor LogProb, Tensor LogSum) LogProb(Tensor logits, Tensor targets, double temperature) => throw Missing;

    /// <summary>The derivative by the logits, in their place.</summary>
    public static void LogProbBackward(Tensor logits, Tensor targets, Tensor logSum, Tensor gradient, double temperature) => throw Missing;

    /// <summary>Draws a token a row.</summary>
    public static (Tensor Token, Tensor LogProb) Draw(Tensor logits, Tensor uniform, double temperature) => throw Missing;

    /// <summary>One AdamW step.</summary>
    public static void AdamW(
        Tensor weight, Tensor master, Tensor mean, Tensor square, Tensor gradient,
        double learningRate, double beta1, double beta2, double epsilon, double weightDecay, int step) => throw Missing;
#else
    /// <summary>Whether the kernels work on the tensor.</summary>
    public static bool Serve(Tensor x) => x.device_type == TorchSharp.DeviceType.CPU && x.dtype is ScalarType.Float32 or ScalarType.BFloat16;

    /// <summary>Root-mean-square normalisation of x [N, D].</summary>
    public static Tensor RmsNorm(Tensor x, Tensor weight, double epsilon) => TorchSharp.LibTorch.RmsNorm(x, weight, epsilon);

    /// <summary>x + delta and its normalisation.</summary>
    public static (Tensor Sum, Tensor Normed) AddRmsNorm(Tensor x, Tensor delta, Tensor weight, double epsilon) =>
        TorchSharp.LibTorch.AddRmsNorm(x, delta, weight, epsilon);

    /// <summary>Rotary positions of x [N, H, E].</summary>
    public static Tensor Rotate(Tensor x, Tensor cos, Tensor sin, Tensor positions) => TorchSharp.LibTorch.Rotate(x, cos, sin, positions);

    /// <summary>silu(gate) · up.</summary>
    public static Tensor SwiGlu(Tensor gate, Tensor up) => TorchSharp.LibTorch.SwiGlu(gate, up);

    /// <summary>x Wᵀ + b of a few rows.</summary>
    public static Tensor LinearOfFewRows(Tensor x, Tensor weight, Tensor? bias) => TorchSharp.LibTorch.LinearOfFewRows(x, weight, bias);

    /// <summary>Causal attention of packed segments.</summary>
    public static Tensor Attention(Tensor q, Tensor k, Tensor v, Tensor segments) => TorchSharp.LibTorch.Attention(q, k, v, segments);

    /// <summary>Writes keys and values into a cache of blocks.</summary>
    public static void CacheWrite(Tensor k, Tensor v, Tensor slots, Tensor keys, Tensor values) => TorchSharp.LibTorch.CacheWrite(k, v, slots, keys, values);

    /// <summary>Attention of one query a row to a cache of blocks.</summary>
    public static Tensor CacheAttention(Tensor q, Tensor keys, Tensor values, Tensor tables, Tensor lengths) =>
        TorchSharp.LibTorch.CacheAttention(q, keys, values, tables, lengths);

    /// <summary>Log-probabilities of targets.</summary>
    public static (Tensor LogProb, Tensor LogSum) LogProb(Tensor logits, Tensor targets, double temperature) =>
        TorchSharp.LibTorch.LogProb(logits, targets, temperature);

    /// <summary>The derivative by the logits, in their place.</summary>
    public static void LogProbBackward(Tensor logits, Tensor targets, Tensor logSum, Tensor gradient, double temperature) =>
        TorchSharp.LibTorch.LogProbBackward(logits, targets, logSum, gradient, temperature);

    /// <summary>Draws a token a row.</summary>
    public static (Tensor Token, Tensor LogProb) Draw(Tensor logits, Tensor uniform, double temperature) =>
        TorchSharp.LibTorch.Draw(logits, uniform, temperature);

    /// <summary>One AdamW step.</summary>
    public static void AdamW(
        Tensor weight, Tensor master, Tensor mean, Tensor square, Tensor gradient,
        double learningRate, double beta1, double beta2, double epsilon, double weightDecay, int step) =>
        TorchSharp.LibTorch.AdamW(weight, master, mean, square, gradient, learningRate, beta1, beta2, epsilon, weightDecay, step);
#endif
}
