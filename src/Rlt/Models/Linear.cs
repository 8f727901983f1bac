using Rlt.Models.Adapters;
using Rlt.Models.Gradients;
using Rlt.Platform;
using static TorchSharp.torch;

namespace Rlt.Models;

/// <summary>A linear map with weight [out, in] and, where the checkpoint has one, a bias [out].</summary>
/// <param name="weight">[out, in], as Hugging Face stores it.</param>
/// <param name="bias">[out], or null.</param>
public sealed class Linear(Parameter weight, Parameter? bias)
{
    /// <summary>[out, in].</summary>
    public Parameter Weight { get; } = weight;

    /// <summary>[out], or null.</summary>
    public Parameter? Bias { get; } = bias;

    /// <summary>What is learned beside the weight; null where nothing is.</summary>
    public LoraAdapter? Adapter { get; internal set; }

    /// <summary>x Wᵀ + b of x [N, in], and what the adapter adds: [N, out].</summary>
    public Variable Apply(Variable x, Tape? tape = null)
    {
        Variable y = Map(x, Weight, Bias, tape);
        return Adapter is null ? y : Variable.Sum(y, Adapter.Apply(x, tape), tape);
    }

    /// <summary>x Wᵀ + b of x [N, in] and a weight [out, in].</summary>
    internal static Variable Map(Variable x, Parameter weight, Parameter? bias, Tape? tape)
    {
        var y = new Variable(Product(x.Data, weight.Value, bias?.Value));
        if (tape is not null)
        {
            Record(x, weight, bias, y, tape);
        }

        return y;
    }

    /// <summary>x Wᵀ + b of x [N, in] and a weight [out, in].</summary>
    internal static Tensor Product(Tensor x, Tensor weight, Tensor? bias) =>
        CpuKernels.Serve(x) ? CpuKernels.Linear(x, weight, bias) : nn.functional.linear(x, weight, bias);

    /// <summary>dy W, the derivative by x, added to a sum where there is one.</summary>
    internal static Tensor InputGradient(Tensor dy, Tensor weight, Tensor? sum = null) =>
        CpuKernels.Serve(dy) ? CpuKernels.InputGradient(dy, weight, sum) : sum is null ? dy.mm(weight) : sum.addmm_(dy, weight);

    private static void Record(Variable x, Parameter weight, Parameter? bias, Variable y, Tape tape)
    {
        GradientStore gradients = tape.Gradients;
        if (gradients.Trains(weight))
        {
            x.Keep();
        }

        tape.Record(y, dy =>
        {
            if (gradients.Trains(weight))
            {
                gradients.AddProduct(weight, dy, x.Data);
            }

            if (bias is not null && gradients.Trains(bias))
            {
                gradients.Add(bias, dy.sum([0L], type: ScalarType.Float32));
            }

            if (x.Accumulator is { } sum)
            {
                InputGradient(dy, weight.Value, sum);
            }
            else
            {
                x.Receive(InputGradient(dy, weight.Value));
            }
        });
    }
}
