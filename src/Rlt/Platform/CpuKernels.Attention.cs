using static TorchSharp.torch;

namespace Rlt.Platform;

// Attention of whole sequences and of a decoding step, and the cache that the latter reads.
public static partial class CpuKernels
{
    // Positions that a block of the cache holds a multiple of.
    private const int BlockMultiple = 16;

    /// <summary>
    /// Causal attention of segments [S, 4] (start, length, parent's start, parent's length) of q [N, H, E], k and v [N, K, E]; and its log-sums [N,
    /// H].
    /// </summary>
    /// <param name="q_NHE">Queries.</param>
    /// <param name="k_NKE">Keys.</param>
    /// <param name="v_NKE">Values.</param>
    /// <param name="segments_S4">The segments.</param>
    /// <param name="scale">What products are multiplied by; null: 1 / √E.</param>
    /// <param name="window">Rows that a row sees, itself included; 0: all before it.</param>
    /// <param name="sinks_H">Scores of a further key without value, float32, or null.</param>
    public static unsafe (Tensor Out_NHE, Tensor LogSum_NH) Attention(
        Tensor q_NHE, Tensor k_NKE, Tensor v_NKE, Tensor segments_S4, double? scale = null, int window = 0, Tensor? sinks_H = null)
    {
        Tensor? sinks = sinks_H is null ? null : Dense(sinks_H, ScalarType.Float32, [q_NHE.size(1)], "sinks");
        AttentionInputs input = new(q_NHE, k_NKE, v_NKE, segments_S4, Rule(q_NHE, scale, window, sinks));

        // Rows outside of all segments are padding: zeros.
        Tensor result = zeros_like(input.Q), logSum = zeros([input.Shape.Rows, input.Shape.Heads], ScalarType.Float32);
        KernelLibrary.rlt_attention(
            Type(input.Q), At(input.Q), At(input.K), At(input.V), (long*)At(input.Segments), input.Segments.size(0), input.Shape, At(result),
                (float*)At(logSum));
        Alive(input.Q, input.K, input.V, input.Segments, sinks, result, logSum);
        return (result, logSum);
    }

    /// <summary>The derivatives by q, k and v.</summary>
    public static unsafe (Tensor Q, Tensor K, Tensor V) AttentionBackward(
        Tensor dOut_NHE, Tensor q_NHE, Tensor k_NKE, Tensor v_NKE, Tensor segments_S4, Tensor out_NHE, Tensor logSum_NH,
        double? scale = null, int window = 0)
    {
        AttentionInputs input = new(q_NHE, k_NKE, v_NKE, segments_S4, Rule(q_NHE, scale, window, null));
        Tensor above = Dense(dOut_NHE, q_NHE.dtype, q_NHE.shape, "the derivative");
        Tensor dq = zeros_like(input.Q), dk = zeros_like(input.K), dv = zeros_like(input.V);
        KernelLibrary.rlt_attention_backward(
            Type(input.Q), At(above), At(input.Q), At(input.K), At(input.V), At(out_NHE), (float*)At(logSum_NH), (long*)At(input.Segments),
                input.Segments.size(0), input.Shape,
            At(dq), At(dk), At(dv));
        Alive(input.Q, input.K, input.V, input.Segments, above, out_NHE, logSum_NH, dq, dk, dv);
        return (dq, dk, dv);
    }

    /// <summary>Writes k, v [N, K, E] at slots [N] of a cache of blocks of P positions: keys [X, K, E, P], values [X, K, P, E].</summary>
    public static unsafe void CacheWrite(Tensor k_NKE, Tensor v_NKE, Tensor slots_N, Tensor keys_XKEP, Tensor values_XKPE)
    {
        CacheShape shape = CacheShape.Of(keys_XKEP);
        long rows = k_NKE.size(0);
        Tensor keys = Own(keys_XKEP, k_NKE.dtype, keys_XKEP.shape, "the cache"), values = Own(values_XKPE, k_NKE.dtype, values_XKPE.shape, "the cache");
        Tensor k = Dense(k_NKE, keys.dtype, [rows, shape.KeyValueHeads, shape.Width], "k"), v = Dense(v_NKE, k.dtype, k_NKE.shape, "v"),
            slots = Dense(slots_N, ScalarType.Int64, [rows], "slots");
        KernelLibrary.rlt_cache_write(Type(k), At(k), At(v), (long*)At(slots), At(keys), At(values), shape, rows);
        Alive(k, v, slots, keys, values);
    }

    /// <summary>
    /// Attention of one query a row, [B, H, E], to the first lengths [B] positions, or the last of them, of the blocks that tables [B, W] name.
    /// </summary>
    public static unsafe Tensor CacheAttention(
        Tensor q_BHE, Tensor keys_XKEP, Tensor values_XKPE, Tensor tables_BW, Tensor lengths_B, double? scale = null, int window = 0, Tensor? sinks_H = null)
    {
        CacheShape shape = CacheShape.Of(keys_XKEP);
        long rows = q_BHE.size(0);
        Tensor keys = Own(keys_XKEP, q_BHE.dtype, keys_XKEP.shape, "the cache"), values = Own(values_XKPE, q_BHE.dtype, values_XKPE.shape, "the cache");
        Tensor q = Dense(q_BHE), result = empty_like(q), tables = Dense(tables_BW, ScalarType.Int64, [rows, tables_BW.size(1)], "tables"),
            lengths = Dense(lengths_B, ScalarType.Int64, [rows], "lengths");
        Tensor? sinks = sinks_H is null ? null : Dense(sinks_H, ScalarType.Float32, [q_BHE.size(1)], "sinks");
        if (shape.Block % BlockMultiple != 0)
        {
            throw new ArgumentException($"a block of the cache holds {shape.Block} positions; expected a multiple of {BlockMultiple}");
        }

        KernelLibrary.rlt_cache_attention(
            Type(q), At(q), At(keys), At(values), (long*)At(tables), tables.size(1), (long*)At(lengths), shape,
            Rule(q, scale, window, sinks), rows, q.size(1), At(result));
        Alive(sinks, q, keys, values, tables, lengths, result);
        return result;
    }

    private static unsafe ScoreRule Rule(Tensor q, double? scale, int window, Tensor? sinks_H) =>
        new(window, (float*)At(sinks_H), (float)(scale ?? 1 / Math.Sqrt(q.size(2))));

    // Segments [S, 4] that lie within the rows.
    private static Tensor SegmentTable(Tensor segments_S4, long rows)
    {
        Tensor segments = Dense(segments_S4, ScalarType.Int64, [segments_S4.size(0), 4], "segments");
        ReadOnlySpan<long> table = segments.data<long>().ToArray();
        for (int i = 0; i < table.Length; i += 4)
        {
            if (table[i] < 0 || table[i + 1] < 0 || table[i] + table[i + 1] > rows || table[i + 2] < 0 || table[i + 2] + table[i + 3] > rows)
            {
                throw new ArgumentException($"segment {i / 4} lies outside of the {rows} rows");
            }
        }

        return segments;
    }

    private readonly ref struct AttentionInputs
    {
        public AttentionInputs(Tensor q_NHE, Tensor k_NKE, Tensor v_NKE, Tensor segments_S4, ScoreRule rule)
        {
            (long rows, long heads, long width, long kvHeads) = (q_NHE.size(0), q_NHE.size(1), q_NHE.size(2), k_NKE.size(1));
            if (heads % kvHeads != 0)
            {
                throw new ArgumentException($"q has {heads} heads and k {kvHeads}; expected a multiple");
            }
            (Q, K, V) = (Dense(q_NHE), Dense(k_NKE, q_NHE.dtype, [rows, kvHeads, width], "k"), Dense(v_NKE, q_NHE.dtype, [rows, kvHeads, width], "v"));
            Segments = SegmentTable(segments_S4, rows);
            Shape = new AttentionShape(rows, heads, kvHeads, width, rule);
        }

        public Tensor Q { get; }

        public Tensor K { get; }

        public Tensor V { get; }

        public Tensor Segments { get; }

        public AttentionShape Shape { get; }
    }
}
