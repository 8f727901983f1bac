namespace TorchSharp;

// Operators of native/kernels, which TorchSharp does not have; see kernels.h there for what each computes.
public static partial class LibTorch
{
    private static readonly Op RmsNormOp = new("rlt::rms_norm");
    private static readonly Op AddRmsNormOp = new("rlt::add_rms_norm");
    private static readonly Op RotateOp = new("rlt::rotate");
    private static readonly Op SwiGluOp = new("rlt::swiglu");
    private static readonly Op FewRowsOp = new("rlt::linear");
    private static readonly Op AttentionOp = new("rlt::attention");
    private static readonly Op CacheWriteOp = new("rlt::cache_write");
    private static readonly Op CacheAttentionOp = new("rlt::cache_attention");
    private static readonly Op LogProbOp = new("rlt::log_prob");
    private static readonly Op LogProbBackwardOp = new("rlt::log_prob_backward");
    private static readonly Op DrawOp = new("rlt::draw");
    private static readonly Op AdamWOp = new("rlt::adamw");

    /// <summary>Root-mean-square normalisation over the last dimension, with its gradient.</summary>
    public static torch.Tensor RmsNorm(torch.Tensor x, torch.Tensor weight, double epsilon) => RmsNormOp.Call(x, weight, epsilon);

    /// <summary>x + delta, and its root-mean-square normalisation, with their gradients.</summary>
    public static (torch.Tensor Sum, torch.Tensor Normed) AddRmsNorm(torch.Tensor x, torch.Tensor delta, torch.Tensor weight, double epsilon) =>
        AddRmsNormOp.CallPair(x, delta, weight, epsilon);

    /// <summary>Turns the heads of x [N, H, E] by the angles of their positions [N]; tables [P, E / 2], float32. With its gradient.</summary>
    public static torch.Tensor Rotate(torch.Tensor x, torch.Tensor cos, torch.Tensor sin, torch.Tensor positions) => RotateOp.Call(x, cos, sin, positions);

    /// <summary>silu(gate) · up, with its gradient.</summary>
    public static torch.Tensor SwiGlu(torch.Tensor gate, torch.Tensor up) => SwiGluOp.Call(gate, up);

    /// <summary>x Wᵀ + b of a few rows x [N, in], weight [out, in], read as it lies. No gradient.</summary>
    public static torch.Tensor LinearOfFewRows(torch.Tensor x, torch.Tensor weight, torch.Tensor? bias) => FewRowsOp.Call(x, weight, bias);

    /// <summary>Causal attention of segments [S, 4] (start, length, parent's start, parent's length) of q [N, H, E], k and v [N, K, E], with its gradient.</summary>
    public static torch.Tensor Attention(torch.Tensor q, torch.Tensor k, torch.Tensor v, torch.Tensor segments) => AttentionOp.Call(q, k, v, segments);

    /// <summary>Writes k, v [N, K, E] at slots [N] of a cache: keys [X, K, E, P], values [X, K, P, E].</summary>
    public static void CacheWrite(torch.Tensor k, torch.Tensor v, torch.Tensor slots, torch.Tensor keys, torch.Tensor values) =>
        CacheWriteOp.CallNothing(k, v, slots, keys, values);

    /// <summary>Attention of one query a row, [B, H, E], to the first lengths [B] positions of the blocks that tables [B, W] name.</summary>
    public static torch.Tensor CacheAttention(torch.Tensor q, torch.Tensor keys, torch.Tensor values, torch.Tensor tables, torch.Tensor lengths) =>
        CacheAttentionOp.Call(q, keys, values, tables, lengths);

    /// <summary>The targets' log-probabilities, [N] float32, and the rows' log-sum-exp, of logits [N, V] at a temperature. No gradient.</summary>
    public static (torch.Tensor LogProb, torch.Tensor LogSum) LogProb(torch.Tensor logits, torch.Tensor targets, double temperature) =>
        LogProbOp.CallPair(logits, targets, temperature);

    /// <summary>Puts the derivative of Σ gradient · log-probability by the logits in the logits' place.</summary>
    public static void LogProbBackward(torch.Tensor logits, torch.Tensor targets, torch.Tensor logSum, torch.Tensor gradient, double temperature) =>
        LogProbBackwardOp.CallNothing(logits, targets, logSum, gradient, temperature);

    /// <summary>Draws a token a row by its uniform number (temperature 0: the first likeliest), and its log-probability.</summary>
    public static (torch.Tensor Token, torch.Tensor LogProb) Draw(torch.Tensor logits, torch.Tensor uniform, double temperature) =>
        DrawOp.CallPair(logits, uniform, temperature);

    /// <summary>One AdamW step in place; without float32 master weights, <paramref name="master"/> is the weight itself.</summary>
    public static void AdamW(
        torch.Tensor weight, torch.Tensor master, torch.Tensor mean, torch.Tensor square, torch.Tensor gradient,
        double learningRate, double beta1, double beta2, double epsilon, double weightDecay, int step) =>
        AdamWOp.CallNothing(weight, master, mean, square, gradient, learningRate, beta1, beta2, epsilon, weightDecay, step);
}
