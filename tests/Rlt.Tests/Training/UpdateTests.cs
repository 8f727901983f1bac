using Rlt.Models;
using Rlt.Models.Gradients;
using Rlt.Training.Optimization;
using static TorchSharp.torch;

namespace Rlt.Tests.Training;

public sealed class UpdateTests : IDisposable
{
    private readonly Parameter _weight = new("w", tensor([1f, 1f], [1, 2]));
    private readonly GradientStore _gradients;
    private readonly AdamW _optimizer;

    public UpdateTests()
    {
        _gradients = new GradientStore([_weight]);
        _optimizer = new AdamW([_weight], new AdamWOptions());
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _gradients.Dispose();
        _weight.Dispose();
    }

    [Theory]
    [InlineData(1.0, 0.06, 0.08)]
    [InlineData(10.0, 0.3, 0.4)]
    [InlineData(0.0, 0.3, 0.4)]
    public void ClipAndStep_GradientOfNormFive_IsScaledToTheLimit(double maxNorm, double first, double second)
    {
        Give(3, 4);
        Assert.Equal(5, Update.ClipAndStep(_gradients, _optimizer, 0.1, maxNorm, 0, 1), 1e-6);

        // The first moment is a tenth of the gradient that was applied.
        float[] moment = _optimizer.State["exp_avg.w"].data<float>().ToArray();
        Assert.Equal(first, moment[0], 1e-6);
        Assert.Equal(second, moment[1], 1e-6);
        Assert.NotEqual(1f, _weight.Value.detach().data<float>()[0, 0]);
        Assert.Equal(0, _gradients.Norm());
    }

    [Theory]
    [InlineData(float.NaN, 1.0, "step 4: the loss is 1 and the gradient norm NaN; the step was not applied. Lower optimizer.learning_rate, or resume from an earlier checkpoint.")]
    [InlineData(float.PositiveInfinity, 1.0, "step 4: the loss is 1 and the gradient norm ∞; the step was not applied. Lower optimizer.learning_rate, or resume from an earlier checkpoint.")]
    [InlineData(3f, double.NaN, "step 4: the loss is NaN and the gradient norm 5; the step was not applied. Lower optimizer.learning_rate, or resume from an earlier checkpoint.")]
    public void ClipAndStep_NotFinite_RefusesAndLeavesEverything(float gradient, double loss, string message)
    {
        Give(gradient, 4);
        var error = Assert.Throws<RunFailedException>(() => Update.ClipAndStep(_gradients, _optimizer, 0.1, 1, 3, loss));
        Assert.Equal(message.Replace("∞", double.PositiveInfinity.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal), error.Message);
        Assert.Equal(3, error.ExitCode);
        Assert.Equal([1f, 1f], _weight.Value.detach().data<float>().ToArray());
        Assert.Equal(0, _optimizer.Steps);
        Assert.Equal([0f, 0f], _optimizer.State["exp_avg.w"].data<float>().ToArray());
    }

    [Fact]
    public void GradientStore_ContributionsOfTwoDtypes_AreSummedInFloat32()
    {
        using var scope = NewDisposeScope();
        _gradients.Add(_weight, tensor([1f, 2f], [1, 2]).to(ScalarType.BFloat16));
        _gradients.Add(_weight, tensor([0.001f, 0.002f], [1, 2]));
        Assert.Equal([1.001f, 2.002f], _gradients[_weight].data<float>().ToArray());
        _gradients.Scale(2);
        Assert.Equal([2.002f, 4.004f], _gradients[_weight].data<float>().ToArray());
        _gradients.Clear();
        _gradients.Add(_weight, tensor([5f, 5f], [1, 2]));
        Assert.Equal([5f, 5f], _gradients[_weight].data<float>().ToArray());
    }

    private void Give(float first, float second)
    {
        using var scope = NewDisposeScope();
        _gradients.Add(_weight, tensor([first, second], [1, 2]));
    }
}
