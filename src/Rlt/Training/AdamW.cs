using Rlt.Models;
using Rlt.Platform;
using static TorchSharp.torch;

namespace Rlt.Training;

/// <summary>AdamW with float32 moments and, for weights of a narrower dtype, float32 master weights.</summary>
/// <remarks>Source: Loshchilov and Hutter, arXiv 1711.05101, algorithm 2, as PyTorch computes it. Norms and biases are not decayed.</remarks>
public sealed class AdamW : IDisposable
{
    private readonly AdamWOptions _options;
    private readonly List<Slot> _slots;

    /// <summary>An optimizer over parameters, its moments zero.</summary>
    public AdamW(IReadOnlyList<Parameter> parameters, AdamWOptions options)
    {
        _options = options;
        _slots = [.. parameters.Select(parameter => new Slot(parameter))];
    }

    /// <summary>Steps taken.</summary>
    public int Steps { get; set; }

    /// <summary>The state by checkpoint name: "exp_avg.NAME", "exp_avg_sq.NAME" and, where there is one, "master.NAME". The tensors stay the optimizer's.</summary>
    public IReadOnlyDictionary<string, Tensor> State => _slots.SelectMany(slot => slot.State).ToDictionary(pair => pair.Name, pair => pair.Value);

    /// <summary>Changes the weights against their gradients.</summary>
    /// <param name="gradients">The gradients, already clipped.</param>
    /// <param name="learningRate">The rate of this step.</param>
    public void Step(GradientStore gradients, double learningRate)
    {
        using var noGrad = no_grad();
        Steps++;
        foreach (Slot slot in _slots)
        {
            using var scope = NewDisposeScope();
            Update(slot, gradients[slot.Parameter], learningRate);
        }
    }

    /// <summary>Takes the weights as they are now for the master weights, after they were set from outside.</summary>
    public void ReadWeights()
    {
        using var noGrad = no_grad();
        foreach (Slot slot in _slots)
        {
            slot.Master?.copy_(slot.Parameter.Value);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Slot slot in _slots)
        {
            slot.Dispose();
        }
    }

    private void Update(Slot slot, Tensor gradient, double learningRate)
    {
        Tensor weight = slot.Master ?? slot.Parameter.Value;
        if (CpuKernels.Serve(slot.Parameter.Value))
        {
            CpuKernels.AdamW(
                slot.Parameter.Value, weight, slot.Mean, slot.Square, gradient,
                learningRate, _options.Beta1, _options.Beta2, _options.Epsilon, slot.Decays ? _options.WeightDecay : 0, Steps);
            return;
        }

        if (slot.Decays && _options.WeightDecay > 0)
        {
            weight.mul_(1 - (learningRate * _options.WeightDecay));
        }

        slot.Mean.mul_(_options.Beta1).add_(gradient, 1 - _options.Beta1);
        slot.Square.mul_(_options.Beta2).addcmul_(gradient, gradient, 1 - _options.Beta2);
        double meanCorrection = 1 - Math.Pow(_options.Beta1, Steps);
        double squareCorrection = 1 - Math.Pow(_options.Beta2, Steps);
        Tensor denominator = slot.Square.sqrt().div_(Math.Sqrt(squareCorrection)).add_(_options.Epsilon);
        weight.addcdiv_(slot.Mean, denominator, -learningRate / meanCorrection);
        if (slot.Master is not null)
        {
            slot.Parameter.Value.copy_(slot.Master);
        }
    }

    private sealed class Slot : IDisposable
    {
        public Slot(Parameter parameter)
        {
            using var noGrad = no_grad();
            Parameter = parameter;
            Mean = zeros(parameter.Value.shape, ScalarType.Float32, parameter.Value.device).DetachFromDisposeScope();
            Square = zeros(parameter.Value.shape, ScalarType.Float32, parameter.Value.device).DetachFromDisposeScope();
            if (parameter.Value.dtype != ScalarType.Float32)
            {
                Master = parameter.Value.detach().to(ScalarType.Float32, copy: true).DetachFromDisposeScope();
            }
        }

        public Parameter Parameter { get; }

        public Tensor Mean { get; }

        public Tensor Square { get; }

        public Tensor? Master { get; }

        public bool Decays => Parameter.Value.shape.Length > 1;

        public IEnumerable<(string Name, Tensor Value)> State
        {
            get
            {
                yield return ("exp_avg." + Parameter.Name, Mean);
                yield return ("exp_avg_sq." + Parameter.Name, Square);
                if (Master is not null)
                {
                    yield return ("master." + Parameter.Name, Master);
                }
            }
        }

        public void Dispose()
        {
            Mean.Dispose();
            Square.Dispose();
            Master?.Dispose();
        }
    }
}
