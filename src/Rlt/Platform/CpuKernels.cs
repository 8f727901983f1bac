using TorchSharp;
using static TorchSharp.torch;

namespace Rlt.Platform;

// N rows, D width, V vocabulary, H heads, K kv heads, E head width
/// <summary>
/// The fused kernels of the CPU, for float32 and bfloat16: forwards, and backwards where training has one. Callers have plain operators for
/// all other tensors, and for machines without the kernel library.
/// </summary>
/// <remarks>
/// Nothing here is seen by libtorch's autograd. Tensors are checked and made contiguous before the call; a kernel writes into new tensors of the
/// current dispose scope unless it says otherwise. What each computes is in src/Rlt.Kernels/kernels.h and product.h.
/// </remarks>
public static partial class CpuKernels
{
    // Rows of a decoding step, for which a general product is slower: it first writes the weights out anew.
    private const int FewRows = 128;

    /// <summary>Whether the kernels work on the tensor.</summary>
    public static bool Serve(Tensor x) => KernelLibrary.IsThere && x.device_type == DeviceType.CPU && x.dtype is ScalarType.Float32 or ScalarType.BFloat16;

    /// <summary>Root-mean-square normalisation of x [.., D] by rows of D, in x's dtype, and 1 / √(mean square + ε) of each row, float32.</summary>
    public static unsafe (Tensor Normed, Tensor Scale_N) RmsNorm(Tensor x, Tensor weight_D, double epsilon, double offset = 0)
    {
        long width = weight_D.numel();
        Tensor input = Dense(x), weight = Weights(weight_D, [width]), normed = empty_like(input), scale_N = empty([input.numel() / width], ScalarType.Float32);
        Divides(input, width, weight_D);
        KernelLibrary.rlt_rms_norm(
            Type(input), Type(weight), At(input), null, At(weight), (float)offset, (float)epsilon, null, At(normed), (float*)At(scale_N), scale_N.numel(), width);
        Alive(input, weight, normed, scale_N);
        return (normed, scale_N);
    }

    /// <summary>x + delta, and what <see cref="RmsNorm"/> makes of it.</summary>
    public static unsafe (Tensor Sum, Tensor Normed, Tensor Scale_N) AddRmsNorm(Tensor x, Tensor delta, Tensor weight_D, double epsilon, double offset = 0)
    {
        long width = weight_D.numel();
        Tensor input = Dense(x), change = Dense(delta, x.dtype, x.shape, "delta"), weight = Weights(weight_D, [width]);
        Tensor sum = empty_like(input), normed = empty_like(input), scale_N = empty([input.numel() / width], ScalarType.Float32);
        Divides(input, width, weight_D);
        KernelLibrary.rlt_rms_norm(
            Type(input), Type(weight), At(input), At(change), At(weight), (float)offset, (float)epsilon, At(sum), At(normed), (float*)At(scale_N),
                scale_N.numel(), width);
        Alive(input, change, weight, sum, normed, scale_N);
        return (sum, normed, scale_N);
    }

    /// <summary>The derivative by the input of <see cref="RmsNorm"/>; adds that by the weight to a float32 sum.</summary>
    /// <param name="dNormed">The derivative by the result.</param>
    /// <param name="dSum">A derivative by the input from elsewhere, which is added; or null.</param>
    /// <param name="x">The input.</param>
    /// <param name="weight_D">The weight.</param>
    /// <param name="offset">What is added to the weight.</param>
    /// <param name="scale_N">The rows' scales.</param>
    /// <param name="weightSum_D">Receives the weight's; null to leave it out.</param>
    public static unsafe Tensor RmsNormBackward(
        Tensor dNormed, Tensor? dSum, Tensor x, Tensor weight_D, double offset, Tensor scale_N, Tensor? weightSum_D)
    {
        long width = weight_D.numel();
        Tensor input = Dense(x), above = Dense(dNormed, x.dtype, x.shape, "the derivative"), weight = Weights(weight_D, [width]), dx = empty_like(input);
        Tensor? beside = dSum is null ? null : Dense(dSum, x.dtype, x.shape, "the derivative by the sum");
        Tensor? weightSum = weightSum_D is null ? null : Own(weightSum_D, ScalarType.Float32, [width], "the weight's sum");
        KernelLibrary.rlt_rms_norm_backward(
            Type(input), Type(weight), At(above), At(beside), At(input), At(weight), (float)offset, (float*)At(scale_N), At(dx), (float*)At(weightSum),
                input.numel() / width, width);
        Alive(input, above, weight, dx, beside, weightSum, scale_N);
        return dx;
    }

    /// <summary>Turns the first 2 F dimensions of the heads of x [N, H, E] by the angles of their positions [N]; tables [P, F], float32.</summary>
    /// <param name="x_NHE">The heads.</param>
    /// <param name="cos_PF">Cosines.</param>
    /// <param name="sin_PF">Sines.</param>
    /// <param name="positions_N">Positions, int64.</param>
    /// <param name="back">Turns back: the derivative by x, given that by the result.</param>
    public static unsafe Tensor Rotate(Tensor x_NHE, Tensor cos_PF, Tensor sin_PF, Tensor positions_N, bool back = false)
    {
        (long rows, long heads, long width) = (x_NHE.size(0), x_NHE.size(1), x_NHE.size(2));
        long half = Math.Min(cos_PF.size(1), width / 2);
        ReadOnlySpan<long> table = [cos_PF.size(0), half];
        Tensor input = Dense(x_NHE), y = empty_like(input), at = Dense(positions_N, ScalarType.Int64, [rows], "positions");
        Tensor cos = Dense(cos_PF, ScalarType.Float32, table, "cos"), sin = Dense(sin_PF, ScalarType.Float32, table, "sin");
        KernelLibrary.rlt_rotate(Type(input), At(input), (float*)At(cos), (float*)At(sin), (long*)At(at), back ? -1 : 1, At(y), rows,
            new HeadShape(heads, width, 2 * half));
        Alive(input, y, at, cos, sin);
        return y;
    }

    /// <summary>silu(gate) · up.</summary>
    public static unsafe Tensor SwiGlu(Tensor gate, Tensor up)
    {
        Tensor g = Dense(gate), u = Dense(up, gate.dtype, gate.shape, "up"), y = empty_like(g);
        KernelLibrary.rlt_swiglu(Type(g), At(g), At(u), At(y), g.numel());
        Alive(g, u, y);
        return y;
    }

    /// <summary>The derivatives by gate and up.</summary>
    public static unsafe (Tensor Gate, Tensor Up) SwiGluBackward(Tensor dy, Tensor gate, Tensor up)
    {
        Tensor g = Dense(gate), u = Dense(up, gate.dtype, gate.shape, "up"), above = Dense(dy, gate.dtype, gate.shape, "the derivative");
        Tensor dGate = empty_like(g), dUp = empty_like(g);
        KernelLibrary.rlt_swiglu_backward(Type(g), At(above), At(g), At(u), At(dGate), At(dUp), g.numel());
        Alive(g, u, above, dGate, dUp);
        return (dGate, dUp);
    }

    /// <summary>
    /// x Wᵀ + b of x [N, in] and weight [out, in], in x's dtype; the weights may have another. A row has the same bits whatever rows are beside it.
    /// </summary>
    public static unsafe Tensor Linear(Tensor x_NI, Tensor weight_OI, Tensor? bias_O)
    {
        (long rows, long inputs, long outputs) = (x_NI.size(0), x_NI.size(1), weight_OI.size(0));
        Tensor x = Dense(x_NI), weight = Weights(weight_OI, [outputs, inputs]), y = empty([rows, outputs], x.dtype);
        Tensor? bias = bias_O is null ? null : Dense(bias_O, weight.dtype, [outputs], "bias");
        if (rows <= FewRows)
        {
            KernelLibrary.rlt_linear_rows(At(x), Type(x), At(weight), Type(weight), At(bias), At(y), rows, inputs, outputs);
        }
        else
        {
            KernelLibrary.rlt_product(Rows(x, inputs), Turned(weight, inputs), At(bias), At(y), Type(y), outputs, 0, rows, outputs, inputs);
        }

        Alive(x, weight, bias, y);
        return y;
    }

    /// <summary>dy W, the derivative by the input of <see cref="Linear"/>: [N, in] in dy's dtype.</summary>
    /// <param name="dy_NO">The derivative by the result.</param>
    /// <param name="weight_OI">The weight.</param>
    /// <param name="sum_NI">What it is added to, and then the result; null for a new tensor.</param>
    public static unsafe Tensor InputGradient(Tensor dy_NO, Tensor weight_OI, Tensor? sum_NI = null)
    {
        (long rows, long outputs, long inputs) = (dy_NO.size(0), weight_OI.size(0), weight_OI.size(1));
        Tensor dy = Dense(dy_NO, dy_NO.dtype, [rows, outputs], "the derivative"), weight = Weights(weight_OI, [outputs, inputs]);
        Tensor dx = sum_NI is null ? empty([rows, inputs], dy.dtype) : Own(sum_NI, dy.dtype, [rows, inputs], "the sum");
        KernelLibrary.rlt_product(Rows(dy, outputs), Rows(weight, inputs), null, At(dx), Type(dx), inputs, sum_NI is null ? 0 : 1, rows, inputs, outputs);
        Alive(dy, weight, dx);
        return dx;
    }

    /// <summary>Adds dyᵀ x, the derivative by the weight of <see cref="Linear"/>, to a float32 sum [out, in].</summary>
    public static unsafe void AddWeightGradient(Tensor dy_NO, Tensor x_NI, Tensor sum_OI)
    {
        (long rows, long outputs, long inputs) = (dy_NO.size(0), dy_NO.size(1), x_NI.size(1));
        Tensor dy = Dense(dy_NO), x = Dense(x_NI, x_NI.dtype, [rows, inputs], "x"), sum = Own(sum_OI, ScalarType.Float32, [outputs, inputs], "the sum");
        KernelLibrary.rlt_product(Turned(dy, outputs), Rows(x, inputs), null, At(sum), Type(sum), inputs, 1, outputs, inputs, rows);
        Alive(dy, x, sum);
    }

    /// <summary>The targets' log-probabilities, [N] float32, and the rows' log-sum-exp, of logits [N, V] at a temperature.</summary>
    public static unsafe (Tensor LogProb_N, Tensor LogSum_N) LogProb(Tensor logits_NV, Tensor targets_N, double temperature)
    {
        (long rows, long vocabulary) = (logits_NV.size(0), logits_NV.size(1));
        Tensor logits = Dense(logits_NV), targets = Dense(targets_N, ScalarType.Int64, [rows], "targets");
        Tensor logProb = empty([rows], ScalarType.Float32), logSum = empty([rows], ScalarType.Float32);
        KernelLibrary.rlt_log_prob(Type(logits), At(logits), (long*)At(targets), (float)temperature, (float*)At(logProb), (float*)At(logSum), rows, vocabulary);
        Alive(logits, targets, logProb, logSum);
        return (logProb, logSum);
    }

    /// <summary>Puts the derivative of Σ gradient · log-probability by the logits in the logits' place.</summary>
    public static unsafe void LogProbBackward(Tensor logits_NV, Tensor targets_N, Tensor logSum_N, Tensor gradient_N, double temperature)
    {
        (long rows, long vocabulary) = (logits_NV.size(0), logits_NV.size(1));
        Tensor logits = Own(logits_NV, logits_NV.dtype, [rows, vocabulary], "the logits"), targets = Dense(targets_N, ScalarType.Int64, [rows], "targets");
        Tensor sums = Dense(logSum_N, ScalarType.Float32, [rows], "the log-sums"), gradient = Dense(gradient_N, ScalarType.Float32, [rows], "the gradient");
        KernelLibrary.rlt_log_prob_backward(
            Type(logits), At(logits), (long*)At(targets), (float*)At(sums), (float*)At(gradient), (float)temperature, rows, vocabulary);
        Alive(logits, targets, sums, gradient);
    }

    /// <summary>Draws a token a row by its uniform number (temperature 0: the first likeliest), and its log-probability.</summary>
    public static unsafe (Tensor Token_N, Tensor LogProb_N) Draw(Tensor logits_NV, Tensor uniform_N, double temperature)
    {
        (long rows, long vocabulary) = (logits_NV.size(0), logits_NV.size(1));
        Tensor logits = Dense(logits_NV), uniform = Dense(uniform_N, ScalarType.Float32, [rows], "the uniform numbers");
        Tensor token = empty([rows], ScalarType.Int64), logProb = empty([rows], ScalarType.Float32);
        KernelLibrary.rlt_draw(Type(logits), At(logits), (float*)At(uniform), (float)temperature, (long*)At(token), (float*)At(logProb), rows, vocabulary);
        Alive(logits, uniform, token, logProb);
        return (token, logProb);
    }

    /// <summary>One AdamW step in place; without float32 master weights, <paramref name="master"/> is the weight itself.</summary>
    public static unsafe void AdamW(
        Tensor weight, Tensor master, Tensor mean, Tensor square, Tensor gradient,
        double learningRate, double beta1, double beta2, double epsilon, double weightDecay, int step)
    {
        long[] shape = weight.shape;
        Own(weight, weight.dtype, shape, "the weight");
        foreach (Tensor state in (Tensor[])[master, mean, square, gradient])
        {
            Own(state, ScalarType.Float32, shape, "the optimizer's state");
        }

        AdamWStep options = new(
            (float)learningRate, (float)beta1, (float)beta2, (float)epsilon, (float)weightDecay, (float)(1 - Math.Pow(beta1, step)),
                (float)(1 - Math.Pow(beta2, step)));
        KernelLibrary.rlt_adamw(
            Type(weight), At(weight), (float*)At(master), (float*)At(mean), (float*)At(square), (float*)At(gradient), options, weight.numel());
        Alive(weight, master, mean, square, gradient);
    }

    internal static int Type(Tensor x) => x.dtype == ScalarType.Float32 ? 0 : 1;

    internal static unsafe void* At(Tensor? x)
    {
        void* pointer = null;
        if (x is not null)
        {
            if (KernelLibrary.aoti_torch_get_data_ptr(x.Handle, &pointer) != 0)
            {
                throw new ArgumentException("the tensor has no memory");
            }
        }

        return pointer;
    }

    private static unsafe Matrix Rows(Tensor x, long width) => new(At(x), Type(x), width, 1);

    private static unsafe Matrix Turned(Tensor x, long width) => new(At(x), Type(x), 1, width);

    private static Tensor Dense(Tensor x)
    {
        if (!Serve(x))
        {
            throw new ArgumentException($"expected a float32 or bfloat16 tensor of the CPU, got {x.dtype} of {x.device}");
        }

        return x.contiguous();
    }

    private static Tensor Weights(Tensor x, ReadOnlySpan<long> shape) =>
        Dense(x, x.dtype == ScalarType.BFloat16 ? x.dtype : ScalarType.Float32, shape, "weight");

    private static Tensor Dense(Tensor x, ScalarType dtype, ReadOnlySpan<long> shape, string name)
    {
        if (x.device_type != DeviceType.CPU || x.dtype != dtype || !HasShape(x, shape))
        {
            throw new ArgumentException($"{name} must be {dtype} of shape [{string.Join(", ", shape.ToArray())}] on the CPU, got {x.dtype} of shape [{string.Join(", ", x.shape)}] on {x.device}");
        }

        return x.contiguous();
    }

    // What is written in its place.
    internal static Tensor Own(Tensor x, ScalarType dtype, ReadOnlySpan<long> shape, string name)
    {
        if (!x.is_contiguous())
        {
            throw new ArgumentException($"{name} must be contiguous");
        }

        return Dense(x, dtype, shape, name);
    }

    private static void Divides(Tensor x, long width, Tensor weight)
    {
        if (x.size(-1) != width)
        {
            throw new ArgumentException($"weight must have {x.size(-1)} elements, as many as a row, got shape [{string.Join(", ", weight.shape)}]");
        }
    }

    // Sizes are asked for one by one: libtorch's list of them costs a new array.
    private static bool HasShape(Tensor x, ReadOnlySpan<long> shape)
    {
        bool same = x.dim() == shape.Length;
        for (int i = 0; same && i < shape.Length; i++)
        {
            same = x.size(i) == shape[i];
        }

        return same;
    }

    // A tensor whose memory a kernel uses must not be collected while it runs.
    internal static void Alive(params ReadOnlySpan<Tensor?> tensors)
    {
        foreach (Tensor? tensor in tensors)
        {
            GC.KeepAlive(tensor);
        }
    }
}
