using Rlt.Models;
using Rlt.Models.Gradients;
using Rlt.Training.Grpo;
using static TorchSharp.torch;

namespace Rlt.Tests.Training;

public sealed class GrpoLossTests
{
    private static readonly float[] LogProbs = [-1f, -2f, -0.25f];
    private static readonly float[] Reference = [-1.5f, -1f, -0.25f];
    private static readonly float[] Advantages = [2f, -1f, 0.5f];
    private static readonly float[] Weights = [0.5f, 0.25f, 0.25f];

    [Theory]
    [InlineData(0.0, -0.875)]
    // k3 = e^−0.5 + 0.5 − 1 = 0.1065307, e − 2 = 0.7182818, 0: the loss rises by 0.1·(0.5·0.1065307 + 0.25·0.7182818).
    [InlineData(0.1, -0.85171643)]
    public void Compute_ThreeTokens_HandComputedLoss(double beta, double expected)
    {
        using var scope = NewDisposeScope();
        Assert.Equal(expected, Loss(tensor(LogProbs), beta).item<float>(), 1e-6);
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.1)]
    [InlineData(3.0)]
    public void Compute_Gradient_AgreesWithFiniteDifferences(double beta)
    {
        using var scope = NewDisposeScope();
        Tensor leaf_N = tensor(LogProbs).requires_grad_();
        Loss(leaf_N, beta).backward();
        float[] gradient = leaf_N.grad!.data<float>().ToArray();
        for (int i = 0; i < LogProbs.Length; i++)
        {
            const double Step = 1e-5;
            double numeric = (Written(i, Step, beta) - Written(i, -Step, beta)) / (2 * Step);
            Assert.Equal(numeric, gradient[i], 1e-5);
        }
    }

    [Fact]
    public void Compute_BetaWithoutReference_IsThePolicyGradientAlone()
    {
        using var scope = NewDisposeScope();
        Tensor loss = GrpoLoss.Compute(tensor(LogProbs), Tokens(null), new GrpoOptions { Beta = 0.5 });
        Assert.Equal(-0.875, loss.item<float>(), 1e-6);
    }

    [Fact]
    public void KlToReference_AnyPair_IsNeverNegativeAndZeroWhereEqual()
    {
        using var scope = NewDisposeScope();
        float[] differences = [-8f, -1f, -0.01f, 0f, 0.01f, 1f, 8f];
        float[] kl = GrpoLoss.KlToReference(zeros([7]), tensor(differences)).data<float>().ToArray();
        Assert.All(kl, value => Assert.True(value >= 0, $"{value}"));
        Assert.Equal(0, kl[3]);
        Assert.Equal(Math.E - 2, kl[5], 1e-6);
        Assert.Equal(1 / Math.E, kl[1], 1e-6);
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.9)]
    [InlineData(1.0)]
    public void Mix_ReferenceAndPolicy_MovesByTheShare(double mix)
    {
        using Decoder reference = TinyModel.Sharp(seed: 1);
        using Decoder policy = TinyModel.Sharp(seed: 2);
        using var gradients = new GradientStore(policy.Parameters);
        using var scope = NewDisposeScope();
        Tensor[] before = [.. reference.Parameters.Select(parameter => parameter.Value.clone())];
        ReferenceSync.Mix(reference, policy, mix);
        for (int i = 0; i < before.Length; i++)
        {
            Tensor expected = (before[i] * (1 - mix)) + (policy.Parameters[i].Value.detach() * mix);
            Assert.True((expected - reference.Parameters[i].Value).abs().max().item<float>() < 1e-6, reference.Parameters[i].Name);
        }
    }

    private static Tensor Loss(Tensor logProbs_N, double beta) => GrpoLoss.Compute(logProbs_N, Tokens(tensor(Reference)), new GrpoOptions { Beta = beta });

    private static GrpoTokens Tokens(Tensor? reference_N) => new(tensor(Advantages), tensor(Weights), zeros([LogProbs.Length], ScalarType.Int64), null, reference_N);

    // The loss written out, with the ratio's denominator held where the log-probabilities are.
    private static double Written(int moved, double by, double beta)
    {
        double loss = 0;
        for (int i = 0; i < LogProbs.Length; i++)
        {
            double now = LogProbs[i] + (i == moved ? by : 0);
            double difference = Reference[i] - now;
            double k3 = Math.Exp(difference) - difference - 1;
            loss -= Weights[i] * ((Math.Exp(now - LogProbs[i]) * Advantages[i]) - (beta * k3));
        }

        return loss;
    }
}
