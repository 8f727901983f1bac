using Rlt.Models.Gradients;
using Rlt.Platform;
using static TorchSharp.torch;

namespace Rlt.Models.Layers;

/// <summary>What is done to the scores of a layer's attention.</summary>
/// <param name="Scale">Query-key products are multiplied by it.</param>
/// <param name="Window">Tokens that a token sees, itself included; 0: all before it.</param>
/// <param name="Sinks">[H]: the score of a further key without value, or null.</param>
public sealed record AttentionRule(double Scale, int Window = 0, Parameter? Sinks = null);

// N rows, B batch, T queries, S keys, H heads, K kv heads, G = H/K queries that share a kv head, E head width
/// <summary>Scaled dot-product attention with grouped queries.</summary>
public static class Attention
{
    /// <summary>Attention of each row to itself, the rows before it in its segment, and its segment's parent: [N, H, E].</summary>
    public static Variable Packed(AttentionRule rule, Variable q_NHE, Variable k_NKE, Variable v_NKE, SequenceLayout layout, Tape? tape = null)
    {
        if (!CpuKernels.Serve(q_NHE.Data))
        {
            Parameter[] weights = rule.Sinks is { } learned ? [learned] : [];
            return Tape.Plain(tape, data => Padded(rule, data[0], data[1], data[2], data.ElementAtOrDefault(3), layout), [q_NHE, k_NKE, v_NKE], weights);
        }

        Tensor? sinks_H = rule.Sinks?.Value.to(ScalarType.Float32);
        (Tensor out_NHE, Tensor logSum_NH) = CpuKernels.Attention(q_NHE.Data, k_NKE.Data, v_NKE.Data, layout.Table_S4, rule.Scale, rule.Window, sinks_H);
        var attended_NHE = new Variable(out_NHE);
        if (tape is not null)
        {
            Array.ForEach([q_NHE, k_NKE, v_NKE, attended_NHE], variable => variable.Keep());
            tape.Record(
                attended_NHE,
                dOut_NHE =>
                {
                    (Tensor dq_NHE, Tensor dk_NKE, Tensor dv_NKE) = CpuKernels.AttentionBackward(
                        dOut_NHE, q_NHE.Data, k_NKE.Data, v_NKE.Data, layout.Table_S4, attended_NHE.Data, logSum_NH, rule.Scale, rule.Window);
                    q_NHE.Receive(dq_NHE);
                    k_NKE.Receive(dk_NKE);
                    v_NKE.Receive(dv_NKE);
                    if (rule.Sinks is { } sinks && tape.Gradients.Trains(sinks))
                    {
                        // A sink's weight times what it takes from the others: their part of the output's derivative.
                        Tensor shift_NH = (dOut_NHE.to(ScalarType.Float32) * attended_NHE.Data.to(ScalarType.Float32)).sum(-1);
                        Tensor weight_NH = (sinks.Value.to(ScalarType.Float32) - logSum_NH).exp();
                        tape.Gradients.Add(sinks, (weight_NH * shift_NH).sum([0L]).neg());
                    }
                },
                logSum_NH);
        }

        return attended_NHE;
    }

    /// <summary>Attention of each token to itself and those before it: [B, H, T, E].</summary>
    /// <remarks>With right padding, real tokens never see a pad, so no other mask is needed.</remarks>
    public static Tensor Causal(AttentionRule rule, Tensor q_BHTE, Tensor k_BKTE, Tensor v_BKTE, Tensor? sinks_H = null)
    {
        int group = (int)(q_BHTE.size(1) / k_BKTE.size(1));
        (Tensor k_BHTE, Tensor v_BHTE) = (Expand(k_BKTE, group), Expand(v_BKTE, group));
        double factor = rule.Scale * Math.Sqrt(q_BHTE.size(-1));
        Tensor scaled_BHTE = Math.Abs(factor - 1) < 1e-12 ? q_BHTE : q_BHTE * factor;
        if (sinks_H is null && rule.Window == 0)
        {
            return nn.functional.scaled_dot_product_attention(scaled_BHTE, k_BHTE, v_BHTE, is_casual: true);
        }

        Tensor at_T = arange(q_BHTE.size(2), ScalarType.Int64, q_BHTE.device);
        Tensor back_TS = at_T.unsqueeze(1) - at_T.unsqueeze(0);
        Tensor seen_TS = back_TS.ge(0);
        seen_TS = rule.Window == 0 ? seen_TS : seen_TS.logical_and(back_TS.lt(rule.Window));
        if (sinks_H is null)
        {
            return nn.functional.scaled_dot_product_attention(scaled_BHTE, k_BHTE, v_BHTE, attn_mask: seen_TS);
        }

        (long batch, long heads, long tokens) = (q_BHTE.size(0), q_BHTE.size(1), q_BHTE.size(2));
        Tensor scores_BHTS = Products(q_BHTE * rule.Scale, k_BHTE.transpose(2, 3)).masked_fill(seen_TS.logical_not(), double.NegativeInfinity);
        return Products(WithSinks(scores_BHTS, sinks_H.view(1, heads, 1, 1).expand(batch, heads, tokens, 1)), v_BHTE);
    }

    /// <summary>Attention of one token a row to that row's cached positions: [B, H, E].</summary>
    /// <param name="rule">What is done to scores; the window is in <paramref name="hidden_B11S"/>.</param>
    /// <param name="q_BHE">The queries.</param>
    /// <param name="k_BKES">Cached keys, positions side by side.</param>
    /// <param name="v_BKSE">Cached values.</param>
    /// <param name="hidden_B11S">True at the positions a row must not see.</param>
    public static Tensor Step(AttentionRule rule, Tensor q_BHE, Tensor k_BKES, Tensor v_BKSE, Tensor hidden_B11S)
    {
        (long batch, long heads, long width) = (q_BHE.size(0), q_BHE.size(1), q_BHE.size(2));
        long kvHeads = k_BKES.size(1);
        Tensor q_BKGE = (q_BHE * rule.Scale).view(batch, kvHeads, heads / kvHeads, width);
        Tensor scores_BKGS = Products(q_BKGE, k_BKES).masked_fill_(hidden_B11S, double.NegativeInfinity);
        Tensor weights_BKGS = rule.Sinks is { } sinks
            ? WithSinks(scores_BKGS, sinks.Value.view(1, kvHeads, heads / kvHeads, 1).expand(batch, -1, -1, -1)) : scores_BKGS.softmax(-1);
        return Products(weights_BKGS, v_BKSE).view(batch, heads, width);
    }

    // The softmax over scores and one more, without that one's weight.
    private static Tensor WithSinks(Tensor scores, Tensor sinks) =>
        cat([scores, sinks.to(scores.dtype)], -1).softmax(-1).narrow(-1, 0, scores.size(-1)).contiguous();

    // Whole sequences side by side, right-padded.
    private static Tensor Padded(AttentionRule rule, Tensor q_NHE, Tensor k_NKE, Tensor v_NKE, Tensor? sinks_H, SequenceLayout layout)
    {
        (Tensor rows_ST, Tensor places_N) = layout.Padded;
        Tensor padded_SHTE = Causal(rule, Pad(q_NHE), Pad(k_NKE), Pad(v_NKE), sinks_H);
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
