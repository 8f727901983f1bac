using Rlt.Platform;
using static TorchSharp.torch;

namespace Rlt.Generation;

// B rows, V vocabulary
/// <summary>Draws one token a row from logits.</summary>
public static class TokenSampler
{
    /// <summary>Draws by inverting the distribution function at one uniform number a row, on the logits' device.</summary>
    /// <param name="logits_BV">Logits.</param>
    /// <param name="uniforms">One number in [0, 1) a row.</param>
    /// <param name="options">Temperature, top-k, top-p.</param>
    /// <returns>The token ids, and log p of each at the temperature over the whole vocabulary (before top-k and top-p); nats.</returns>
    public static (int[] Ids, float[] LogProbs) Draw(Tensor logits_BV, float[] uniforms, SamplingOptions options)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        (Tensor ids_B, Tensor picked_B) = CpuKernels.Serve(logits_BV) && (options.Temperature == 0 || (options.TopK == 0 && options.TopP >= 1))
            ? CpuKernels.Draw(logits_BV, tensor(uniforms), options.Temperature)
            : Drawn(logits_BV, uniforms, options);

        // One transfer: float64 holds ids and float32 log-probs exactly.
        double[] host = stack([ids_B.to(ScalarType.Float64), picked_B.to(ScalarType.Float64)]).cpu().data<double>().ToArray();
        int rows = uniforms.Length;
        return ([.. host.Take(rows).Select(id => (int)id)], [.. host.Skip(rows).Select(value => (float)value)]);
    }

    private static (Tensor Ids_B, Tensor LogProbs_B) Drawn(Tensor logits_BV, float[] uniforms, SamplingOptions options)
    {
        bool greedy = options.Temperature == 0;
        Tensor scaled_BV = logits_BV.to(ScalarType.Float32) / (greedy ? 1.0 : options.Temperature);
        Tensor logProbs_BV = scaled_BV.log_softmax(-1);
        Tensor ids_B = greedy ? scaled_BV.argmax(-1) : Invert(Filter(logProbs_BV.exp(), options), uniforms);
        return (ids_B, logProbs_BV.gather(1, ids_B.unsqueeze(1)).squeeze(1));
    }

    private static Tensor Filter(Tensor probs_BV, SamplingOptions options)
    {
        long vocabulary = probs_BV.size(1);
        if (options.TopK > 0 && options.TopK < vocabulary)
        {
            Tensor least_B1 = probs_BV.topk(options.TopK).values.narrow(1, options.TopK - 1, 1);
            probs_BV = probs_BV.masked_fill(probs_BV.lt(least_B1), 0);
            probs_BV = probs_BV / probs_BV.sum(-1, keepdim: true);
        }

        if (options.TopP < 1)
        {
            // A token stays if the likelier ones together have less than top-p; the likeliest always does.
            Tensor sorted_BV = probs_BV.sort(-1, descending: true).Values;
            Tensor before_BV = sorted_BV.cumsum(-1) - sorted_BV;
            Tensor least_B1 = sorted_BV.masked_fill(before_BV.lt(options.TopP).logical_not(), 2).amin([-1], keepdim: true);
            probs_BV = probs_BV.masked_fill(probs_BV.lt(least_B1), 0);
        }

        return probs_BV;
    }

    private static Tensor Invert(Tensor probs_BV, float[] uniforms)
    {
        Tensor cumulative_BV = probs_BV.cumsum(-1);
        Tensor total_B1 = cumulative_BV.narrow(1, cumulative_BV.size(1) - 1, 1);
        Tensor threshold_B1 = tensor(uniforms, [uniforms.Length, 1], device: probs_BV.device) * total_B1;
        return cumulative_BV.le(threshold_B1).sum(-1).clamp(max: cumulative_BV.size(1) - 1);
    }
}
