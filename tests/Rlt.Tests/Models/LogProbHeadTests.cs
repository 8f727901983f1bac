using Rlt.Models;
using Rlt.Models.Gradients;
using static TorchSharp.torch;

namespace Rlt.Tests.Models;

public sealed class LogProbHeadTests
{
    private const int Width = 4;
    private const double Temperature = 0.7;

    [Fact]
    public void LogProbsAndEntropy_AnyPosition_AgreeWithDoubleArithmetic()
    {
        using Decoder model = Head(8, out double[,] head);
        double[,] hidden = Values(5, Width, 2);
        int[] targets = [0, 7, 3, 3, 5];
        using var scope = NewDisposeScope();
        Tensor hidden_ND = AsTensor(hidden);
        float[] logProbs = LogProbHead.LogProbs(model, hidden_ND, Targets(targets), Temperature).data<float>().ToArray();
        float[] entropy = LogProbHead.Entropy(model, hidden_ND, Temperature).data<float>().ToArray();
        for (int i = 0; i < targets.Length; i++)
        {
            double[] all = [.. Enumerable.Range(0, 8).Select(token => LogProb(head, hidden, i, token))];
            Assert.Equal(all[targets[i]], logProbs[i], 1e-5);
            Assert.Equal(-all.Sum(value => Math.Exp(value) * value), entropy[i], 1e-5);
        }
    }

    [Fact]
    public void Backward_HiddenAndHead_AgreeWithFiniteDifferences()
    {
        using Decoder model = Head(8, out double[,] head);
        double[,] hidden = Values(3, Width, 2);
        int[] targets = [1, 6, 6];
        float[] weights = [1f, -2f, 0.5f];
        using var scope = NewDisposeScope();
        using var gradients = new GradientStore([model.Head]);
        Tensor dHidden_ND = LogProbHead.Backward(model, AsTensor(hidden), Targets(targets), Temperature, tensor(weights), gradients);
        AssertNumeric(hidden, dHidden_ND, () => Loss(head, hidden, targets, weights));
        AssertNumeric(head, gradients[model.Head], () => Loss(head, hidden, targets, weights));
    }

    [Fact]
    public void Backward_NoHeadGradientWanted_HiddenGradientIsTheSame()
    {
        using Decoder model = Head(8, out _);
        using var scope = NewDisposeScope();
        Tensor hidden_ND = AsTensor(Values(3, Width, 2));
        Tensor weights_N = tensor([1f, 2f, 3f]);
        using GradientStore head = new([model.Head]), none = new([]);
        float[] with = LogProbHead.Backward(model, hidden_ND, Targets([0, 1, 2]), 1, weights_N, head).data<float>().ToArray();
        Assert.Equal(with, LogProbHead.Backward(model, hidden_ND, Targets([0, 1, 2]), 1, weights_N, none).data<float>().ToArray());
    }

    [Fact]
    public void AllPasses_MorePositionsThanAChunk_EqualOnePositionAtATime()
    {
        const int Positions = 1024 + 3;
        using Decoder model = Head(8, out _);
        Assert.Equal(1024, LogProbHead.ChunkRows(model));
        using var scope = NewDisposeScope();
        Tensor hidden_ND = AsTensor(Values(Positions, Width, 3));
        int[] targets = [.. Enumerable.Range(0, Positions).Select(i => i % 8)];
        Tensor weights_N = ones([Positions]);
        using var none = new GradientStore([]);
        Tensor logProbs_N = LogProbHead.LogProbs(model, hidden_ND, Targets(targets), Temperature);
        Tensor gradient_ND = LogProbHead.Backward(model, hidden_ND, Targets(targets), Temperature, weights_N, none);
        Tensor entropy_N = LogProbHead.Entropy(model, hidden_ND, Temperature);
        Assert.Equal([Positions, Width], gradient_ND.shape);
        foreach (int i in new[] { 0, 1, 1023, 1024, Positions - 1 })
        {
            Tensor one_1D = hidden_ND.narrow(0, i, 1);
            AssertSame(LogProbHead.LogProbs(model, one_1D, Targets([targets[i]]), Temperature), logProbs_N.narrow(0, i, 1));
            AssertSame(LogProbHead.Entropy(model, one_1D, Temperature), entropy_N.narrow(0, i, 1));
            AssertSame(LogProbHead.Backward(model, one_1D, Targets([targets[i]]), Temperature, ones([1]), none), gradient_ND.narrow(0, i, 1));
        }
    }

    [Theory]
    [InlineData(64, 1024)]
    [InlineData(151_936, 441)]
    [InlineData(1 << 19, 128)]
    public void ChunkRows_AnyVocabulary_LogitsStayWithin256MiB(int vocabulary, int rows)
    {
        using Decoder model = TinyModel.Create(vocabulary, Width);
        Assert.Equal(rows, LogProbHead.ChunkRows(model));
        Assert.True(rows == 1024 || rows * 4L * vocabulary <= 256 << 20);
    }

    private static double Loss(double[,] head, double[,] hidden, int[] targets, float[] weights) =>
        targets.Select((target, i) => weights[i] * LogProb(head, hidden, i, target)).Sum();

    private static double LogProb(double[,] head, double[,] hidden, int row, int token)
    {
        double[] logits = [.. Enumerable.Range(0, head.GetLength(0)).Select(v => Enumerable.Range(0, Width).Sum(d => head[v, d] * hidden[row, d]) / Temperature)];
        return logits[token] - Math.Log(logits.Sum(Math.Exp));
    }

    private static void AssertNumeric(double[,] values, Tensor gradient, Func<double> loss)
    {
        const double Step = 1e-6;
        float[] analytic = gradient.data<float>().ToArray();
        int columns = values.GetLength(1);
        for (int i = 0; i < values.Length; i++)
        {
            (int row, int column) = (i / columns, i % columns);
            double kept = values[row, column];
            values[row, column] = kept + Step;
            double above = loss();
            values[row, column] = kept - Step;
            double below = loss();
            values[row, column] = kept;
            Assert.Equal((above - below) / (2 * Step), analytic[i], 1e-5);
        }
    }

    private static void AssertSame(Tensor expected, Tensor actual) => Assert.True((expected - actual).abs().max().item<float>() <= 1e-6);

    private static Decoder Head(int vocabulary, out double[,] head)
    {
        head = Values(vocabulary, Width, 1);
        Decoder model = TinyModel.Create(vocabulary, Width, tied: false);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        model.Head.Value.copy_(AsTensor(head));
        return model;
    }

    private static double[,] Values(int rows, int columns, int seed)
    {
        int[] drawn = TinyModel.Ids(rows * columns, seed, 2001);
        var values = new double[rows, columns];
        for (int i = 0; i < drawn.Length; i++)
        {
            values[i / columns, i % columns] = (drawn[i] - 1000) / 512.0;
        }

        return values;
    }

    private static Tensor AsTensor(double[,] values) =>
        tensor(values.Cast<double>().Select(value => (float)value).ToArray(), [values.GetLength(0), values.GetLength(1)]);

    private static Tensor Targets(int[] ids) => tensor(Array.ConvertAll(ids, id => (long)id));
}
