using Rlt.Models.Gradients;
using Rlt.Platform;
using static TorchSharp.torch;

namespace Rlt.Models.Layers;

// N rows, B sequences times value heads, M chunks of C rows, S segments, T their longest path's rows, X slots of a cache, G key heads, H value heads,
// K and V their widths
/// <summary>
/// The gated delta rule: a state S [K, V] of each value head decays, is corrected towards v where the key reads it, and is read by the query:
/// S ← e^decay S; S ← S + k (β (v − Sᵀ k))ᵀ; o = Sᵀ q. Queries and keys are normalised by their L2 norm, and queries scaled by 1 / √K.
/// </summary>
/// <remarks>
/// Yang et al., arXiv 2412.06464; the chunked form of arXiv 2406.06484. Arithmetic and states are float32 whatever the rows' dtype (float64 where they
/// are).
/// </remarks>
public static class GatedDelta
{
    private const int Chunk = 64;
    private const double NormEpsilon = 1e-6;

    /// <summary>The rule along each sequence: [N, H, V].</summary>
    /// <param name="q_NGK">Queries; value head h uses those and the keys of head h / (H / G).</param>
    /// <param name="k_NGK">Keys.</param>
    /// <param name="v_NHV">Values.</param>
    /// <param name="decay_NH">Logarithms of decays, at most 0, float32.</param>
    /// <param name="beta_NH">β, float32.</param>
    /// <param name="layout">How sequences lie in the rows.</param>
    /// <param name="tape">The tape, or null.</param>
    /// <param name="ends_SHKV">Receives the states after each segment's last row, float32; or null. No gradient comes back through it.</param>
    public static Variable Packed(
        Variable q_NGK, Variable k_NGK, Variable v_NHV, Variable decay_NH, Variable beta_NH, SequenceLayout layout, Tape? tape = null,
        Tensor? ends_SHKV = null)
    {
        Variable[] inputs = [q_NGK, k_NGK, v_NHV, decay_NH, beta_NH];
        if (!CpuKernels.Serve(v_NHV.Data))
        {
            return Tape.Plain(tape, data => Padded(data, layout, ends_SHKV), inputs);
        }

        var o_NHV = new Variable(CpuKernels.GatedDelta(Rows(), layout.Table_S4, ends_SHKV));
        if (tape is not null)
        {
            Array.ForEach(inputs, input => input.Keep());
            tape.Record(
                o_NHV,
                dOut_NHV =>
                {
                    DeltaRows d = CpuKernels.GatedDeltaBackward(dOut_NHV, Rows(), layout.Table_S4);
                    q_NGK.Receive(d.Q);
                    k_NGK.Receive(d.K);
                    v_NHV.Receive(d.V);
                    decay_NH.Receive(d.Decay);
                    beta_NH.Receive(d.Beta);
                });
        }

        return o_NHV;

        DeltaRows Rows() => new(q_NGK.Data, k_NGK.Data, v_NHV.Data, decay_NH.Data, beta_NH.Data);
    }

    /// <summary>One more row of each sequence: [B, H, V].</summary>
    /// <param name="q_BGK">Queries.</param>
    /// <param name="k_BGK">Keys.</param>
    /// <param name="v_BHV">Values.</param>
    /// <param name="decay_BH">Logarithms of decays.</param>
    /// <param name="beta_BH">β.</param>
    /// <param name="states_XHKV">The states, which are replaced in place.</param>
    /// <param name="slots_B">Where in <paramref name="states_XHKV"/> each row's are, int64; no two alike.</param>
    public static Tensor Step(Tensor q_BGK, Tensor k_BGK, Tensor v_BHV, Tensor decay_BH, Tensor beta_BH, Tensor states_XHKV, Tensor slots_B)
    {
        if (CpuKernels.Serve(v_BHV))
        {
            return CpuKernels.GatedDeltaStep(new DeltaRows(q_BGK, k_BGK, v_BHV, decay_BH, beta_BH), states_XHKV, slots_B);
        }

        (long rows, long heads, long width) = (v_BHV.size(0), v_BHV.size(1), v_BHV.size(2));
        (long keyHeads, long keyWidth, ScalarType wide) = (k_BGK.size(1), k_BGK.size(2), states_XHKV.dtype);
        Tensor q = Normed(q_BGK, Math.Sqrt(1.0 / keyWidth)), k = Normed(k_BGK, 1);
        Tensor state = states_XHKV.index_select(0, slots_B).flatten(0, 1) * decay_BH.to(wide).exp().view(-1, 1, 1);
        Tensor d = (v_BHV.to(wide).reshape(-1, 1, width) - k.bmm(state)) * beta_BH.to(wide).view(-1, 1, 1);
        state = state + k.transpose(1, 2).bmm(d);
        states_XHKV.index_copy_(0, slots_B, state.view(rows, heads, keyWidth, width));
        return q.bmm(state).view(rows, heads, width).to(v_BHV.dtype);

        Tensor Normed(Tensor x_BGK, double scale) => Normalised(x_BGK.to(wide), scale).repeat_interleave(heads / keyHeads, 1).reshape(-1, 1, keyWidth);
    }

    // Whole sequences side by side, right-padded by rows that leave the state as it is, in chunks. A chunk's corrections are those of a zero state less
    // what they take of the state before it; both are solved for all chunks at once.
    private static Tensor Padded(Tensor[] inputs, SequenceLayout layout, Tensor? ends_SHKV)
    {
        (Tensor rows_ST, Tensor places_N) = layout.Padded;
        (long sequences, long longest, long heads, long keyHeads) = (rows_ST.size(0), rows_ST.size(1), inputs[2].size(1), inputs[0].size(1));
        (long keyWidth, long width) = (inputs[0].size(2), inputs[2].size(2));
        long rows = Math.Min(Chunk, longest), chunks = (longest + rows - 1) / rows;
        ScalarType wide = inputs[2].dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
        Tensor real_ST1 = Real(layout, rows_ST.device).to(wide).unsqueeze(-1);
        Tensor q = Chunks(Normalised(inputs[0].to(wide), Math.Sqrt(1.0 / keyWidth)).repeat_interleave(heads / keyHeads, 1));
        Tensor k = Chunks(Normalised(inputs[1].to(wide), 1).repeat_interleave(heads / keyHeads, 1)), v = Chunks(inputs[2].to(wide));
        Tensor decay = Chunks(inputs[3].to(wide).unsqueeze(-1), real_ST1), beta = Chunks(inputs[4].to(wide).unsqueeze(-1), real_ST1);

        // Differences of sums: float32 would lose a weak decay beside strong ones.
        Tensor sums = decay.to(ScalarType.Float64).cumsum(1), all = sums.narrow(1, rows - 1, 1), reach = sums.to(wide).exp();
        Tensor future = ones([rows, rows], ScalarType.Bool, q.device).triu(1);
        Tensor between = (sums - sums.transpose(1, 2)).to(wide).masked_fill(future, double.NegativeInfinity).exp();
        Tensor triangle = (k.bmm(k.transpose(1, 2)) * between * beta).tril(-1), weights = q.bmm(k.transpose(1, 2)) * between;
        Tensor solved = linalg.solve_triangular(triangle, cat([v * beta, k * beta * reach], -1), upper: false, unitriangular: true);
        Tensor alone = Each(solved.narrow(-1, 0, width)), taken = Each(solved.narrow(-1, width, keyWidth)), asked = Each(q * reach);
        (weights, k, all) = (Each(weights), Each(k * (all - sums).to(wide).exp()), Each(all.to(wide).exp()));

        Tensor state = zeros([sequences * heads, keyWidth, width], wide, q.device);
        var results = new Tensor[chunks];
        for (int m = 0; m < chunks; m++)
        {
            Tensor d = alone.select(1, m) - taken.select(1, m).bmm(state);
            results[m] = asked.select(1, m).bmm(state) + weights.select(1, m).bmm(d);
            state = (state * all.select(1, m)) + k.select(1, m).transpose(1, 2).bmm(d);
        }

        ends_SHKV?.copy_(state.detach().view(sequences, heads, keyWidth, width));
        Tensor results_STHV = cat(results, 1).view(sequences, heads, chunks * rows, width).transpose(1, 2).narrow(1, 0, longest);
        return results_STHV.reshape(-1, heads, width).index_select(0, places_N).to(inputs[2].dtype);

        // [N, H, E] as [B · M, C, E].
        Tensor Chunks(Tensor x_NHE, Tensor? real = null)
        {
            Tensor x_STHE = x_NHE.index_select(0, rows_ST.flatten()).view(sequences, longest, heads, -1);
            x_STHE = real is null ? x_STHE : x_STHE * real.unsqueeze(-1);
            return nn.functional.pad(x_STHE.transpose(1, 2), [0, 0, 0, (chunks * rows) - longest]).reshape(-1, rows, x_NHE.size(2));
        }

        Tensor Each(Tensor x) => x.view(sequences * heads, chunks, x.size(1), x.size(2));
    }

    private static Tensor Normalised(Tensor x, double scale) => x * ((x.square().sum([-1], keepdim: true) + NormEpsilon).rsqrt() * scale);

    // Which of the padded rows [S, T] are no padding.
    private static Tensor Real(SequenceLayout layout, Device device)
    {
        long[] lengths = [.. layout.Segments.Select(segment => (long)segment.Length + (segment.Parent < 0 ? 0 : layout.Segments[segment.Parent].Length))];
        return arange(layout.Longest, ScalarType.Int64, device).unsqueeze(0).lt(tensor(lengths, device: device).unsqueeze(1));
    }
}
