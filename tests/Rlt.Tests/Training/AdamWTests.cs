using Rlt.Models;
using Rlt.Models.Gradients;
using Rlt.Training.Optimization;
using static TorchSharp.torch;

namespace Rlt.Tests.Training;

public sealed class AdamWTests
{
    private static readonly AdamWOptions Options = new() { Beta1 = 0.9, Beta2 = 0.99, Epsilon = 1e-8, WeightDecay = 0.1 };

    [Fact]
    public void Step_TwoStepsWithWeightDecay_HandComputedWeights()
    {
        using var weight = new Parameter("w", tensor([1f, -2f], [1, 2]));
        using var gradients = new GradientStore([weight]);
        using var optimizer = new AdamW([weight], Options);

        // Step 1: w·(1 − 0.1·0.1) − 0.1·g/|g|, since both corrected moments are those of g alone.
        Take(optimizer, gradients, weight, [0.5f, -1f], 0.1);
        AssertClose([0.89, -1.88], weight.Value);

        // Step 2: m = (0.145, 0.01), v = (0.012475, 0.0199); corrections 0.19 and 0.0199.
        Take(optimizer, gradients, weight, [1f, 1f], 0.1);
        AssertClose([0.7847125, -1.8664632], weight.Value);
        Assert.Equal(2, optimizer.Steps);
        AssertClose([0.145, 0.01], optimizer.State["exp_avg.w"]);
        AssertClose([0.012475, 0.0199], optimizer.State["exp_avg_sq.w"]);
    }

    [Fact]
    public void Step_Vector_IsNotDecayed()
    {
        using var bias = new Parameter("b", tensor([1f]));
        using var gradients = new GradientStore([bias]);
        using var optimizer = new AdamW([bias], Options);
        Take(optimizer, gradients, bias, [0.5f], 0.1);
        AssertClose([0.9], bias.Value);
    }

    [Fact]
    public void Step_BFloat16Weights_MasterKeepsStepsTooSmallForThem()
    {
        using var weight = new Parameter("w", tensor([1f], [1, 1]).to(ScalarType.BFloat16));
        using var gradients = new GradientStore([weight]);
        using var optimizer = new AdamW([weight], Options with { WeightDecay = 0 });
        Take(optimizer, gradients, weight, [1f], 1e-4);
        AssertClose([0.9999], optimizer.State["master.w"]);
        AssertClose([1], weight.Value.to(ScalarType.Float32));
        for (int i = 0; i < 39; i++)
        {
            Take(optimizer, gradients, weight, [1f], 1e-4);
        }

        // 40 steps of 1e-4, the nearest bfloat16 of 0.996 being 255/256.
        AssertClose([0.996], optimizer.State["master.w"]);
        AssertClose([0.99609375], weight.Value.to(ScalarType.Float32));
        Assert.Equal(ScalarType.BFloat16, weight.Value.dtype);
    }

    [Fact]
    public void Step_BFloat16WithDecay_DecaysTheMaster()
    {
        using var weight = new Parameter("w", tensor([2f], [1, 1]).to(ScalarType.BFloat16));
        using var gradients = new GradientStore([weight]);
        using var optimizer = new AdamW([weight], Options);
        Take(optimizer, gradients, weight, [-3f], 0.01);
        AssertClose([(2 * 0.999) + 0.01], optimizer.State["master.w"]);
    }

    [Fact]
    public void State_Float32Weights_HaveNoMaster()
    {
        using var weight = new Parameter("w", tensor([1f], [1, 1]));
        using var optimizer = new AdamW([weight], Options);
        Assert.Equal(["exp_avg.w", "exp_avg_sq.w"], optimizer.State.Keys.Order());
    }

    [Fact]
    public void Step_ParameterWithoutGradient_OnlyDecays()
    {
        using var weight = new Parameter("w", tensor([2f], [1, 1]));
        using var gradients = new GradientStore([weight]);
        using var optimizer = new AdamW([weight], Options);
        gradients.Add(weight, full([1, 1], 5));
        gradients.Clear();
        optimizer.Step(gradients, 0.1);
        AssertClose([1.98], weight.Value);
    }

    [Theory]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float32)]
    public void Step_Offloaded_SameBitsOfWeightsAndState(ScalarType dtype)
    {
        using Decoder near = TinyModel.Sharp(dtype: dtype), far = TinyModel.Sharp(dtype: dtype);
        using GradientStore nearGradients = new(near.Parameters), farGradients = new(far.Parameters, offload: true);
        using AdamW here = new(near.Parameters, Options), there = new(far.Parameters, Options, offload: true);
        for (int step = 0; step < 3; step++)
        {
            foreach ((Decoder model, GradientStore gradients, AdamW optimizer) in new[] { (near, nearGradients, here), (far, farGradients, there) })
            {
                MicroBatches.Backward(
                    model, gradients, [new TokenSequence(TinyModel.Ids(20), 5), new TokenSequence(TinyModel.Ids(9, 2), 1)], 1, 16, keepGraphs: false,
                    (logProbs_N, _) => -logProbs_N.sum());
                Update.ClipAndStep(gradients, optimizer, 1e-2, maxNorm: 1, step, loss: 1);
            }
        }

        AssertSameBits(near.Parameters.ToDictionary(p => p.Name, p => p.Value), far.Parameters.ToDictionary(p => p.Name, p => p.Value));
        AssertSameBits(here.State, there.State);
    }

    private static void AssertSameBits(IReadOnlyDictionary<string, Tensor> expected, IReadOnlyDictionary<string, Tensor> actual)
    {
        Assert.Equal(expected.Keys, actual.Keys);
        foreach ((string name, Tensor value) in expected)
        {
            Assert.Equal(value.dtype, actual[name].dtype);
            Assert.Equal(value.detach().bytes.ToArray(), actual[name].detach().bytes.ToArray());
        }
    }

    private static void Take(AdamW optimizer, GradientStore gradients, Parameter weight, float[] gradient, double learningRate)
    {
        using var scope = NewDisposeScope();
        gradients.Add(weight, tensor(gradient, weight.Value.shape));
        optimizer.Step(gradients, learningRate);
        gradients.Clear();
    }

    private static void AssertClose(double[] expected, Tensor actual)
    {
        float[] values = actual.detach().data<float>().ToArray();
        Assert.Equal(expected.Length, values.Length);
        Assert.All(expected.Zip(values), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
    }
}
