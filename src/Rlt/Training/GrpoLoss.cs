using static TorchSharp.torch;

namespace Rlt.Training;

// N completion tokens of a micro-batch, one sequence after another
/// <summary>The GRPO loss as released: the plain policy gradient with a KL penalty to the reference.</summary>
public static class GrpoLoss
{
    /// <summary>Σ weight · −(A · exp(lp − sg(lp)) − β · k3), a scalar, with a graph to <paramref name="logProbs_N"/>.</summary>
    /// <param name="logProbs_N">log π of the tokens under the policy, float32.</param>
    /// <param name="reference_N">The same under the reference; null where β is 0.</param>
    /// <param name="advantages_N">The advantage of each token's sequence.</param>
    /// <param name="weights_N">1 / (tokens of the sequence · sequences of the whole step), 0 at tokens that do not count.</param>
    /// <param name="beta">Weight of the KL penalty.</param>
    /// <remarks>
    /// Source: GRPO (arXiv 2402.03300), equation 3, with one update a batch, so the ratio is 1 and only its gradient acts;
    /// k3 is Schulman's estimate exp(ref − lp) − (ref − lp) − 1.
    /// </remarks>
    public static Tensor Compute(Tensor logProbs_N, Tensor? reference_N, Tensor advantages_N, Tensor weights_N, double beta)
    {
        Tensor gain_N = (logProbs_N - logProbs_N.detach()).exp() * advantages_N;
        if (reference_N is not null && beta != 0)
        {
            gain_N = gain_N - (KlToReference(logProbs_N, reference_N) * beta);
        }

        return -(gain_N * weights_N).sum();
    }

    /// <summary>Schulman's k3 estimate of KL(policy ‖ reference) on each sampled token: [N], never negative.</summary>
    public static Tensor KlToReference(Tensor logProbs_N, Tensor reference_N)
    {
        Tensor difference_N = reference_N - logProbs_N;
        return difference_N.exp() - difference_N - 1;
    }
}
