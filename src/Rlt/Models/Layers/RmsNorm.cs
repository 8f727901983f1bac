using Rlt.Models.Gradients;
using Rlt.Platform;
using static TorchSharp.torch;

namespace Rlt.Models.Layers;

/// <summary>Root-mean-square normalisation over the last dimension, computed in float32.</summary>
/// <param name="Weight">[D] or, for queries and keys, [E]; null for ones.</param>
/// <param name="Epsilon">Added to the mean square.</param>
/// <param name="Offset">Added to the weight.</param>
public sealed record RmsNorm(Parameter? Weight, double Epsilon, double Offset = 0)
{
    /// <summary>x / √(mean(x²) + ε) · (weight + offset), in x's dtype.</summary>
    public Variable Apply(Variable x, Tape? tape = null)
    {
        if (Weight is null || !CpuKernels.Serve(x.Data))
        {
            return Tape.Plain(tape, data => Normed(data[0], data.ElementAtOrDefault(1)), [x], Weight is null ? [] : [Weight]);
        }

        (Tensor normed, Tensor scale_N) = CpuKernels.RmsNorm(x.Data, Weight.Value, Epsilon, Offset);
        var y = new Variable(normed);
        if (tape is not null)
        {
            x.Keep();
            y.Rebuild(() => Again(x));
            tape.Record(
                y,
                dy =>
                {
                    // What came to x from elsewhere is added on the way.
                    using Tensor? beside = x.TakeGradient();
                    x.Receive(CpuKernels.RmsNormBackward(dy, beside, x.Data, Weight.Value, Offset, scale_N, tape.Gradients.SumOf(Weight)));
                },
                scale_N);
        }

        return y;
    }

    /// <summary>x + delta, and what <see cref="Apply"/> makes of it.</summary>
    public (Variable Sum, Variable Normed) AddThenApply(Variable x, Variable delta, Tape? tape = null)
    {
        if (Weight is null || !CpuKernels.Serve(x.Data))
        {
            Variable plain = Variable.Sum(x, delta, tape);
            return (plain, Apply(plain, tape));
        }

        (Tensor added, Tensor normed, Tensor scale_N) = CpuKernels.AddRmsNorm(x.Data, delta.Data, Weight.Value, Epsilon, Offset);
        (Variable sum, Variable y) = (new Variable(added), new Variable(normed));
        if (tape is not null)
        {
            sum.Keep();
            y.Rebuild(() => Again(sum));
            tape.Record(
                [sum, y],
                above =>
                {
                    Tensor dx = above[1] is { } dy
                        ? CpuKernels.RmsNormBackward(dy, above[0], sum.Data, Weight.Value, Offset, scale_N, tape.Gradients.SumOf(Weight)) : above[0]!;
                    x.Receive(dx, shared: true);
                    delta.Receive(dx, shared: true);
                },
                scale_N);
        }

        return (sum, y);
    }

    private Tensor Again(Variable x)
    {
        (Tensor normed, Tensor scale_N) = CpuKernels.RmsNorm(x.Data, Weight!.Value, Epsilon, Offset);
        scale_N.Dispose();
        return normed;
    }

    private Tensor Normed(Tensor x, Tensor? weight)
    {
        Tensor wide = x.Wide();
        Tensor scale = (wide.square().mean([-1], keepdim: true) + Epsilon).rsqrt();
        Tensor normed = wide * scale;
        return weight is null ? normed.to(x.dtype) : Offset == 0 ? normed.to(x.dtype) * weight : (normed * (weight.Wide() + Offset)).to(x.dtype);
    }
}
