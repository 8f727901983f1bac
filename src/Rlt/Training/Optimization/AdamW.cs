using Rlt.Distributed;
using Rlt.Models;
using Rlt.Models.Gradients;
using Rlt.Platform;
using static TorchSharp.torch;

namespace Rlt.Training.Optimization;

/// <summary>
/// AdamW with float32 moments and, for weights of a narrower dtype, float32 master weights. These can be in main memory: weight by weight,
/// the gradient is then brought over, the processor computes, and the new weight goes back to its device.
/// </summary>
/// <remarks>Source: Loshchilov and Hutter, arXiv 1711.05101, algorithm 2, as PyTorch computes it. Norms and biases are not decayed.</remarks>
public sealed class AdamW : IDisposable
{
    // Of the weights that the ranks bring together in one operation.
    private const long GatheredNumbers = 1 << 24;

    private readonly AdamWOptions _options;
    private readonly bool _offload;
    private readonly Sharding _sharding;
    private readonly List<Slot> _slots;

    /// <summary>An optimizer over parameters, its moments zero.</summary>
    /// <param name="parameters">The parameters.</param>
    /// <param name="options">The constants.</param>
    /// <param name="offload">Keeps moments and master weights in main memory, wherever the parameters are.</param>
    /// <param name="sharding">Where moments are sharded, this rank has those of its pieces, and brings the new weights of these to the others.</param>
    public AdamW(IReadOnlyList<Parameter> parameters, AdamWOptions options, bool offload = false, Sharding? sharding = null)
    {
        (_options, _offload, _sharding) = (options, offload, sharding ?? Sharding.Alone);
        _slots = [.. parameters.Select(parameter => new Slot(parameter, offload ? CPU : parameter.Value.device, _sharding))];
    }

    /// <summary>An optimizer of what a model's training changes, with the model's ranks; its moments zero.</summary>
    public AdamW(Decoder model, AdamWOptions options, bool offload = false)
        : this(model.Trained, options, offload, model.Sharding)
    {
    }

    /// <summary>Steps taken.</summary>
    public int Steps { get; set; }

    /// <summary>The state by checkpoint name: "exp_avg.NAME", "exp_avg_sq.NAME", "master.NAME" where there is one. The tensors stay the optimizer's.</summary>
    public IReadOnlyDictionary<string, Tensor> State => _slots.SelectMany(slot => slot.State).ToDictionary(pair => pair.Name, pair => pair.Value);

    /// <summary>The same with how many numbers each has on all ranks together, of which this rank has <see cref="Sharding.PieceOf(long)"/>.</summary>
    public IEnumerable<(string Name, Tensor Value, long Size)> Pieces =>
        _slots.SelectMany(slot => slot.State.Select(state => (state.Name, state.Value, slot.Parameter.Value.numel())));

    /// <summary>The ranks, and whether each has its pieces of the state only.</summary>
    public Sharding Sharding => _sharding;

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
            Update(slot, gradients.Summed(slot.Parameter), learningRate);
        }

        if (_sharding.HasPieces)
        {
            GatherWeights();
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
        Tensor weight = slot.Weight;
        if (!_offload)
        {
            Change(slot, weight, gradient, learningRate);
            return;
        }

        // With master weights, the weight's own numbers are only written.
        Tensor near = slot.Master is null ? weight.detach().cpu() : empty(weight.shape, weight.dtype);
        Change(slot, near, gradient.cpu(), learningRate);
        weight.copy_(near);
    }

    // The next weights are packed while those before are on their way.
    private void GatherWeights()
    {
        (IWork Work, Action Then)? underWay = null;
        foreach (IGrouping<ScalarType, Parameter> alike in _slots.Select(slot => slot.Parameter)
            .Where(parameter => parameter.Piece is null).GroupBy(parameter => parameter.Value.dtype))
        {
            foreach (Parameter[] some in Chunks([.. alike]))
            {
                (IWork Work, Action Then) next = GatheredWeights.Begin(some, _sharding.Ranks);
                Finish();
                underWay = next;
            }
        }

        Finish();

        void Finish()
        {
            underWay?.Work.Wait();
            underWay?.Then();
        }
    }

    private static IEnumerable<Parameter[]> Chunks(IReadOnlyList<Parameter> parameters)
    {
        var chunk = new List<Parameter>();
        long numbers = 0;
        foreach (Parameter parameter in parameters)
        {
            chunk.Add(parameter);
            numbers += parameter.Value.numel();
            if (numbers >= GatheredNumbers)
            {
                yield return [.. chunk];
                chunk.Clear();
                numbers = 0;
            }
        }

        if (chunk.Count > 0)
        {
            yield return [.. chunk];
        }
    }

    // All tensors on one device.
    private void Change(Slot slot, Tensor weight, Tensor gradient, double learningRate)
    {
        Tensor exact = slot.Master ?? weight;
        if (CpuKernels.Serve(weight))
        {
            CpuKernels.AdamW(
                weight, exact, slot.Mean, slot.Square, gradient,
                learningRate, _options.Beta1, _options.Beta2, _options.Epsilon, slot.Decays ? _options.WeightDecay : 0, Steps);
            return;
        }

        if (slot.Decays && _options.WeightDecay > 0)
        {
            exact.mul_(1 - (learningRate * _options.WeightDecay));
        }

        slot.Mean.mul_(_options.Beta1).add_(gradient, 1 - _options.Beta1);
        slot.Square.mul_(_options.Beta2).addcmul_(gradient, gradient, 1 - _options.Beta2);
        double meanCorrection = 1 - Math.Pow(_options.Beta1, Steps);
        double squareCorrection = 1 - Math.Pow(_options.Beta2, Steps);
        Tensor denominator = slot.Square.sqrt().div_(Math.Sqrt(squareCorrection)).add_(_options.Epsilon);
        exact.addcdiv_(slot.Mean, denominator, -learningRate / meanCorrection);
        if (slot.Master is not null)
        {
            weight.copy_(slot.Master);
        }
    }

    private sealed class Slot : IDisposable
    {
        private readonly Sharding _sharding;

        public Slot(Parameter parameter, Device place, Sharding sharding)
        {
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            (Parameter, _sharding) = (parameter, sharding);
            Tensor weight = Weight;
            Mean = zeros(weight.shape, ScalarType.Float32, place).DetachFromDisposeScope();
            Square = zeros(weight.shape, ScalarType.Float32, place).DetachFromDisposeScope();
            if (weight.dtype != ScalarType.Float32)
            {
                Master = weight.detach().to(place).to(ScalarType.Float32, copy: true).DetachFromDisposeScope();
            }
        }

        public Parameter Parameter { get; }

        /// <summary>What this rank changes of the weight: all of it, or its piece [numbers].</summary>
        public Tensor Weight
        {
            get
            {
                (long start, long length) = _sharding.PieceOf(Parameter.Value.numel());
                return Parameter.Piece ?? (_sharding.HasPieces ? Parameter.Value.view(-1).narrow(0, start, length) : Parameter.Value);
            }
        }

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

/// <summary>AdamW's constants.</summary>
public sealed record AdamWOptions
{
    /// <summary>Decay of the first moment.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the second moment.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Added to the root of the second moment.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Decoupled weight decay; norms and biases are not decayed.</summary>
    public double WeightDecay { get; init; }
}
