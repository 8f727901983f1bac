using static TorchSharp.torch;

namespace Rlt.Platform;

// Recurrent layers. N or B rows, C channels, J taps, S segments, X slots of a cache, G key heads, H value heads, K and V their widths
public static partial class CpuKernels
{
    /// <summary>SiLU of each channel of x [N, C] convolved along its segment, behind the rows of the segment's parent.</summary>
    /// <param name="x_NC">The rows.</param>
    /// <param name="weight_C1J">The weights, of which the last is the row's own.</param>
    /// <param name="segments_S4">Start, length, parent's start and parent's length; together they cover all rows.</param>
    public static unsafe Tensor CausalConvolution(Tensor x_NC, Tensor weight_C1J, Tensor segments_S4)
    {
        ConvolutionShape shape = new(x_NC.size(0), x_NC.size(1), weight_C1J.size(-1));
        Tensor x = Dense(x_NC), weight = Taps(weight_C1J, shape), segments = Covering(segments_S4, shape.Rows), y = empty_like(x);
        KernelLibrary.rlt_causal_convolution(Type(x), Type(weight), At(x), At(weight), (long*)At(segments), segments.size(0), shape, At(y));
        Alive(x, weight, segments, y);
        return y;
    }

    /// <summary>The derivative by x; adds that by the weight to a float32 sum where there is one.</summary>
    public static unsafe Tensor CausalConvolutionBackward(Tensor dy_NC, Tensor x_NC, Tensor weight_C1J, Tensor segments_S4, Tensor? weightSum_C1J)
    {
        ConvolutionShape shape = new(x_NC.size(0), x_NC.size(1), weight_C1J.size(-1));
        Tensor x = Dense(x_NC), above = Dense(dy_NC, x.dtype, x.shape, "the derivative"), weight = Taps(weight_C1J, shape);
        Tensor segments = Covering(segments_S4, shape.Rows), dx = empty_like(x);
        Tensor? sum = weightSum_C1J is null ? null : Own(weightSum_C1J, ScalarType.Float32, [shape.Channels, 1, shape.Taps], "the weight's sum");
        KernelLibrary.rlt_causal_convolution_backward(
            Type(x), Type(weight), At(above), At(x), At(weight), (long*)At(segments), segments.size(0), shape, At(dx), (float*)At(sum));
        Alive(x, above, weight, segments, dx, sum);
        return dx;
    }

    /// <summary>The same of one more row of each sequence, [B, C]; tails [X, J − 1, C] have the rows before it at slots [B], and then it too.</summary>
    public static unsafe Tensor CausalConvolutionStep(Tensor x_BC, Tensor weight_C1J, Tensor tails_XTC, Tensor slots_B)
    {
        ConvolutionShape shape = new(x_BC.size(0), x_BC.size(1), weight_C1J.size(-1));
        Tensor x = Dense(x_BC), weight = Taps(weight_C1J, shape), slots = Dense(slots_B, ScalarType.Int64, [shape.Rows], "slots"), y = empty_like(x);
        Tensor tails = Own(tails_XTC, x.dtype, [tails_XTC.size(0), shape.Taps - 1, shape.Channels], "the tails");
        KernelLibrary.rlt_causal_convolution_step(Type(x), Type(weight), At(x), At(weight), At(tails), (long*)At(slots), shape, At(y));
        Alive(x, weight, tails, slots, y);
        return y;
    }

    /// <summary>
    /// The gated delta rule over segments, each behind its parent's rows: q, k [N, G, K], which are normalised here, v [N, H, V], logarithms of decays and
    /// betas [N, H], float32. Gives [N, H, V].
    /// </summary>
    /// <param name="inputs">The rows.</param>
    /// <param name="segments_S4">Start, length, parent's start and parent's length; together they cover all rows.</param>
    /// <param name="ends_SHKV">Receives the states after each segment, float32; or null.</param>
    internal static unsafe Tensor GatedDelta(DeltaRows inputs, Tensor segments_S4, Tensor? ends_SHKV)
    {
        (DeltaRows x, DeltaShape shape) = Dense(inputs);
        Tensor segments = Covering(segments_S4, shape.Rows), result = empty_like(x.V);
        Tensor? ends = ends_SHKV is null ? null
            : Own(ends_SHKV, ScalarType.Float32, [segments.size(0), shape.Heads, shape.KeyWidth, shape.ValueWidth], "the states");
        KernelLibrary.rlt_gated_delta(
            Type(x.V), At(x.Q), At(x.K), At(x.V), (float*)At(x.Decay), (float*)At(x.Beta), (long*)At(segments), segments.size(0), shape, At(result),
                (float*)At(ends));
        Alive(x.Q, x.K, x.V, x.Decay, x.Beta, segments, result, ends);
        return result;
    }

    /// <summary>The derivatives by the rows.</summary>
    internal static unsafe DeltaRows GatedDeltaBackward(Tensor dOut_NHV, DeltaRows inputs, Tensor segments_S4)
    {
        (DeltaRows x, DeltaShape shape) = Dense(inputs);
        Tensor segments = Covering(segments_S4, shape.Rows), above = Dense(dOut_NHV, x.V.dtype, x.V.shape, "the derivative");
        DeltaRows d = new(empty_like(x.Q), empty_like(x.K), empty_like(x.V), empty_like(x.Decay), empty_like(x.Beta));
        KernelLibrary.rlt_gated_delta_backward(
            Type(x.V), At(above), At(x.Q), At(x.K), At(x.V), (float*)At(x.Decay), (float*)At(x.Beta), (long*)At(segments), segments.size(0), shape,
            At(d.Q), At(d.K), At(d.V), (float*)At(d.Decay), (float*)At(d.Beta));
        Alive(x.Q, x.K, x.V, x.Decay, x.Beta, segments, above, d.Q, d.K, d.V, d.Decay, d.Beta);
        return d;
    }

    /// <summary>The same of one more row of each sequence; states [X, H, K, V], float32, have those at slots [B] replaced.</summary>
    internal static unsafe Tensor GatedDeltaStep(DeltaRows inputs, Tensor states_XHKV, Tensor slots_B)
    {
        (DeltaRows x, DeltaShape shape) = Dense(inputs);
        Tensor slots = Dense(slots_B, ScalarType.Int64, [shape.Rows], "slots"), result = empty_like(x.V);
        Tensor states = Own(states_XHKV, ScalarType.Float32, [states_XHKV.size(0), shape.Heads, shape.KeyWidth, shape.ValueWidth], "the states");
        KernelLibrary.rlt_gated_delta_step(
            Type(x.V), At(x.Q), At(x.K), At(x.V), (float*)At(x.Decay), (float*)At(x.Beta), (float*)At(states), (long*)At(slots), shape, At(result));
        Alive(x.Q, x.K, x.V, x.Decay, x.Beta, states, slots, result);
        return result;
    }

    private static Tensor Taps(Tensor weight_C1J, ConvolutionShape shape) => Weights(weight_C1J, [shape.Channels, 1, shape.Taps]);

    private static (DeltaRows Rows, DeltaShape Shape) Dense(DeltaRows x)
    {
        DeltaShape shape = new(x.V.size(0), x.Q.size(1), x.V.size(1), x.Q.size(2), x.V.size(2));
        if (shape.Heads % shape.KeyHeads != 0)
        {
            throw new ArgumentException($"v has {shape.Heads} heads and k {shape.KeyHeads}; expected a multiple");
        }

        ReadOnlySpan<long> keys = [shape.Rows, shape.KeyHeads, shape.KeyWidth], scalars = [shape.Rows, shape.Heads];
        Tensor v = Dense(x.V), q = Dense(x.Q, v.dtype, keys, "q"), k = Dense(x.K, v.dtype, keys, "k");
        return (new DeltaRows(q, k, v, Dense(x.Decay, ScalarType.Float32, scalars, "the decay"), Dense(x.Beta, ScalarType.Float32, scalars, "beta")), shape);
    }

    // A table of segments that follow each other and cover all rows: each row of a result is then written.
    private static Tensor Covering(Tensor segments_S4, long rows)
    {
        Tensor segments = SegmentTable(segments_S4, rows);
        ReadOnlySpan<long> table = segments.data<long>().ToArray();
        long end = 0;
        for (int i = 0; i < table.Length; end = table[i] + table[i + 1], i += 4)
        {
            if (table[i] != end)
            {
                throw new ArgumentException($"segment {i / 4} starts at row {table[i]}; expected {end}, where the one before it ends");
            }
        }

        return end == rows ? segments : throw new ArgumentException($"the segments end at row {end} of {rows}");
    }
}

/// <summary>What the gated delta rule reads of each row, or the derivatives by it: [N, G, K], [N, G, K], [N, H, V], [N, H], [N, H].</summary>
internal readonly record struct DeltaRows(Tensor Q, Tensor K, Tensor V, Tensor Decay, Tensor Beta);
