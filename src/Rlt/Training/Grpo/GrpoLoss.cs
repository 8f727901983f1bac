using static TorchSharp.torch;

namespace Rlt.Training.Grpo;

// N completion tokens of a micro-batch, one sequence after another; B its sequences
/// <summary>What the loss is told of a micro-batch's tokens.</summary>
/// <param name="Advantages_N">The advantage of each token's sequence.</param>
/// <param name="Weights_N">What each token's loss is multiplied by (<see cref="TokenWeights"/>); 0 at tokens that do not count.</param>
/// <param name="Rows_N">The row of each token's sequence, 0 to B − 1, int64.</param>
/// <param name="Old_N">log π of the tokens under the policy that drew them; null where that is the policy itself.</param>
/// <param name="Reference_N">log π under the reference; null where β is 0.</param>
public sealed record GrpoTokens(Tensor Advantages_N, Tensor Weights_N, Tensor Rows_N, Tensor? Old_N, Tensor? Reference_N);

/// <summary>The GRPO loss: a policy gradient with an optional clipped ratio and a KL penalty to the reference.</summary>
public static class GrpoLoss
{
    /// <summary>Σ weight · −(min(r·A, clip(r)·A) − β · k3), a scalar, with a graph to <paramref name="logProbs_N"/>.</summary>
    /// <param name="logProbs_N">log π of the tokens under the policy, float32.</param>
    /// <param name="tokens">The rest of what is known of them.</param>
    /// <param name="options">The choices.</param>
    /// <remarks>
    /// Source: GRPO (arXiv 2402.03300), equation 3. With one update a batch the ratio is exp(lp − sg(lp)) = 1 and only its
    /// gradient acts, as released; k3 is Schulman's estimate exp(ref − lp) − (ref − lp) − 1.
    /// </remarks>
    public static Tensor Compute(Tensor logProbs_N, GrpoTokens tokens, GrpoOptions options)
    {
        Tensor ratio_N = Ratio(logProbs_N, tokens, options.Ratio);
        Tensor gain_N = ratio_N * tokens.Advantages_N;
        if (tokens.Old_N is not null)
        {
            (double low, double high) = options.RatioBounds;
            gain_N = gain_N.minimum(ratio_N.clamp(min: low, max: high) * tokens.Advantages_N);
        }

        if (tokens.Reference_N is not null && options.Beta != 0)
        {
            gain_N = gain_N - (KlToReference(logProbs_N, tokens.Reference_N) * options.Beta);
        }

        return -(gain_N * tokens.Weights_N).sum();
    }

    /// <summary>Schulman's k3 estimate of KL(policy ‖ reference) on each sampled token: [N], never negative.</summary>
    public static Tensor KlToReference(Tensor logProbs_N, Tensor reference_N)
    {
        Tensor difference_N = reference_N - logProbs_N;
        return difference_N.exp() - difference_N - 1;
    }

    /// <summary>π / π_old of each token, or of its sequence as the geometric mean over its tokens: [N].</summary>
    public static Tensor Ratio(Tensor logProbs_N, GrpoTokens tokens, RatioLevel level)
    {
        Tensor change_N = logProbs_N - (tokens.Old_N ?? logProbs_N.detach());
        return level == RatioLevel.Token ? change_N.exp() : RowMeans(change_N, tokens.Rows_N).index_select(0, tokens.Rows_N).exp();
    }

    private static Tensor RowMeans(Tensor values_N, Tensor rows_N)
    {
        long rows = rows_N.max().item<long>() + 1;
        Tensor counts_B = zeros([rows], values_N.dtype, values_N.device).index_add_(0, rows_N, ones(values_N.shape, values_N.dtype, values_N.device), 1);
        return zeros([rows], values_N.dtype, values_N.device).index_add_(0, rows_N, values_N, 1) / counts_B;
    }
}
