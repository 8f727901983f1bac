using Rlt.Models.Gradients;
using Rlt.Platform;
using static TorchSharp.torch;

namespace Rlt.Models.Layers;

// N rows, B batch, T queries, S keys, H heads, K kv heads, G = H/K queries that share a kv head, E head width
/// <summary>Scaled dot-product attention with grouped queries.</summary>
public static class Attention
{
    /// <summary>Attention of each row to itself, the rows before it in its segment, and its segment's parent: [N, H, E].</summary>
    public static Variable Packed(Variable q_NHE, Variable k_NKE, Variable v_NKE, SequenceLayout layout, Tape? tape = null)
    {
        if (!CpuKernels.Serve(q_NHE.Data))
        {
            return Tape.Plain(tape, data => Padded(data[0], data[1], data[2], layout), [q_NHE, k_NKE, v_NKE]);
        }

        (Tensor out_NHE, Tensor logSum_NH) = CpuKernels.Attention(q_NHE.Data, k_NKE.Data, v_NKE.Data, layout.Table_S4);
        var attended_NHE = new Variable(out_NHE);
        if (tape is not null)
        {
            Array.ForEach([q_NHE, k_NKE, v_NKE, attended_NHE], variable => variable.Keep());
            tape.Record(
                attended_NHE,
                dOut_NHE =>
                {
                    (Tensor dq_NHE, Tensor dk_NKE, Tensor dv_NKE) = CpuKernels.AttentionBackward(
                        dOut_NHE, q_NHE.Data, k_NKE.Data, v_NKE.Data, layout.Table_S4, attended_NHE.Data, logSum_NH);
                    q_NHE.Receive(dq_NHE);
                    k_NKE.Receive(dk_NKE);
                    v_NKE.Receive(dv_NKE);
                },
                logSum_NH);
        }

        return attended_NHE;
    }

    /// <summary>Attention of each token to itself and those before it: [B, H, T, E].</summary>
    /// <remarks>With right padding, real tokens never see a pad, so no other mask is needed.</remarks>
    public static Tensor Causal(Tensor q_BHTE, Tensor k_BKTE, Tensor v_BKTE)
    {
        int group = (int)(q_BHTE.size(1) / k_BKTE.size(1));
        return nn.functional.scaled_dot_product_attention(q_BHTE, Expand(k_BKTE, group), Expand(v_BKTE, group), is_casual: true);
    }

    /// <summary>Attention of one token a row to that row's cached positions: [B, H, E].</summary>
    /// <param name="q_BHE">The queries.</param>
    /// <param name="k_BKES">Cached keys, positions side by side.</param>
    /// <param name="v_BKSE">Cached values.</param>
    /// <param name="hidden_B11S">True at the positions a row must not see.</param>
    public static Tensor Step(Tensor q_BHE, Tensor k_BKES, Tensor v_BKSE, Tensor hidden_B11S)
    {
        (long batch, long heads, long width) = (q_BHE.size(0), q_BHE.size(1), q_BHE.size(2));
        long kvHeads = k_BKES.size(1);
        Tensor q_BKGE = (q_BHE * Scale(width)).view(batch, kvHeads, heads / kvHeads, width);
        Tensor scores_BKGS = Products(q_BKGE, k_BKES).masked_fill_(hidden_B11S, double.NegativeInfinity);
        return Products(scores_BKGS.softmax(-1), v_BKSE).view(batch, heads, width);
    }

    // Whole sequences side by side, right-padded.
    private static Tensor Padded(Tensor q_NHE, Tensor k_NKE, Tensor v_NKE, SequenceLayout layout)
    {
        (Tensor rows_ST, Tensor places_N) = layout.Padded;
        Tensor padded_SHTE = Causal(Pad(q_NHE), Pad(k_NKE), Pad(v_NKE));
        return padded_SHTE.transpose(1, 2).reshape(-1, q_NHE.size(1), q_NHE.size(2)).index_select(0, places_N);

        Tensor Pad(Tensor x_NHE) =>
            x_NHE.index_select(0, rows_ST.flatten()).view(rows_ST.size(0), rows_ST.size(1), x_NHE.size(1), x_NHE.size(2)).transpose(1, 2);
    }

    // The products of matrices by batch and kv head. TorchSharp's matmul has no guard: an error in it would end the process.
    private static Tensor Products(Tensor left_BKMN, Tensor right_BKNL)
    {
        (long batch, long heads) = (left_BKMN.size(0), left_BKMN.size(1));
        return left_BKMN.flatten(0, 1).bmm(right_BKNL.flatten(0, 1)).view(batch, heads, left_BKMN.size(2), right_BKNL.size(3));
    }

    private static double Scale(long width) => 1.0 / Math.Sqrt(width);

    private static Tensor Expand(Tensor x_BKTE, int group)
    {
        if (group == 1)
        {
            return x_BKTE;
        }

        long[] s = x_BKTE.shape;
        return x_BKTE.unsqueeze(2).expand(s[0], s[1], group, s[2], s[3]).reshape(s[0], s[1] * group, s[2], s[3]);
    }
}
