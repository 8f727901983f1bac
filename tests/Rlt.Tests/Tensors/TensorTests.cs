using System.Runtime.InteropServices;
using TorchSharp;

namespace Rlt.Tests.Tensors;

public sealed class TensorTests : IDisposable
{
    private readonly long _liveBefore = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

    public void Dispose() => Assert.Equal(_liveBefore, DisposeScopeManager.Statistics.ThreadTotalLiveCount);

    [Fact]
    public void Backward_QuadraticForm_GivesHandComputedGradient()
    {
        using var scope = torch.NewDisposeScope();
        var x_3 = torch.tensor(new float[] { 1, 2, 3 }).requires_grad_();
        (x_3 * x_3).sum().backward();
        Assert.Equal([2f, 4f, 6f], x_3.grad!.data<float>().ToArray());
    }

    [Fact]
    public void NoGrad_Inside_RecordsNothing()
    {
        using var scope = torch.NewDisposeScope();
        var x_1 = torch.tensor(new float[] { 1 }).requires_grad_();
        using (torch.no_grad())
        {
            Assert.False((x_1 * 2).requires_grad);
        }

        Assert.True((x_1 * 2).requires_grad);
    }

    [Fact]
    public void DisposeScope_Nested_FreesAllButMovedTensors()
    {
        using var outer = torch.NewDisposeScope();
        torch.Tensor kept;
        torch.Tensor freed;
        using (var inner = torch.NewDisposeScope())
        {
            freed = torch.ones([4]);
            kept = inner.MoveToOuter(freed + 1);
        }

        Assert.True(freed.IsInvalid);
        Assert.Equal(8f, kept.sum().item<float>());
        Assert.Equal(2, outer.DisposablesCount);
    }

    [Fact]
    public void DetachFromDisposeScope_OutlivesScope()
    {
        torch.Tensor tensor;
        using (torch.NewDisposeScope())
        {
            tensor = torch.ones([2]).DetachFromDisposeScope();
        }

        Assert.Equal(2f, tensor.data<float>().ToArray().Sum());
        tensor.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ScaledDotProductAttention_AgreesWithSoftmaxByHand(bool causal)
    {
        using var scope = torch.NewDisposeScope();
        torch.manual_seed(1);
        var q_BHTE = torch.randn([1, 2, 5, 4]);
        var k_BHTE = torch.randn([1, 2, 5, 4]);
        var v_BHTE = torch.randn([1, 2, 5, 4]);
        var actual = torch.nn.functional.scaled_dot_product_attention(q_BHTE, k_BHTE, v_BHTE, is_casual: causal).data<float>().ToArray();
        float[] q = q_BHTE.data<float>().ToArray(), k = k_BHTE.data<float>().ToArray(), v = v_BHTE.data<float>().ToArray();
        for (int h = 0; h < 2; h++)
        {
            for (int t = 0; t < 5; t++)
            {
                int keys = causal ? t + 1 : 5;
                double[] weights = [.. Enumerable.Range(0, keys).Select(s => Math.Exp(Enumerable.Range(0, 4).Sum(e => q[At(h, t, e)] * k[At(h, s, e)]) / 2.0))];
                for (int e = 0; e < 4; e++)
                {
                    double expected = Enumerable.Range(0, keys).Sum(s => weights[s] * v[At(h, s, e)]) / weights.Sum();
                    Assert.Equal(expected, actual[At(h, t, e)], 1e-5);
                }
            }
        }

        static int At(int head, int token, int e) => (((head * 5) + token) * 4) + e;
    }
}
