using Rlt.Distributed;
using Rlt.Platform;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlt.Models.Gradients;

/// <summary>
/// The gradient of each trained parameter, summed in float32 over micro-batches whatever the weights' dtype. A sum takes memory from
/// the first contribution to <see cref="Clear"/>, so that none is held while a step samples and scores.
/// </summary>
public sealed class GradientStore : IDisposable
{
    private readonly HashSet<Parameter> _trained;
    private readonly Dictionary<Parameter, Tensor> _sums = [];
    private readonly bool _offload;
    private readonly RankSums? _ranks;

    /// <summary>A store for the given parameters.</summary>
    /// <param name="parameters">The parameters.</param>
    /// <param name="offload">Keeps the sums in main memory, wherever the parameters are: every contribution is brought over.</param>
    /// <param name="sharding">The ranks that bring contributions, and whether each keeps all sums or its pieces; null: this process alone.</param>
    public GradientStore(IReadOnlyList<Parameter> parameters, bool offload = false, Sharding? sharding = null)
    {
        (Parameters, _trained, _offload) = (parameters, [.. parameters], offload);
        _ranks = sharding is { Ranks.Size: > 1 } ? new RankSums(this, sharding) : null;
    }

    /// <summary>The trained parameters.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>The sum so far, float32, the store's own tensor; zeros where nothing was added since <see cref="Clear"/>.</summary>
    public Tensor this[Parameter parameter]
    {
        get
        {
            if (!_sums.TryGetValue(parameter, out Tensor? sum))
            {
                sum = _sums[parameter] = zeros(Trained(parameter).Value.shape, ScalarType.Float32, Place(parameter)).DetachFromDisposeScope();
            }

            return sum;
        }
    }

    /// <summary>A store for what a model's training changes, with the model's ranks.</summary>
    public GradientStore(Decoder model, bool offload = false)
        : this(model.Trained, offload, model.Sharding)
    {
    }

    /// <summary>Bytes of all sums that this rank has now.</summary>
    public long HeldBytes => sizeof(float) * (_sums.Values.Sum(sum => sum.numel()) + (_ranks?.HeldCount ?? 0));

    /// <summary>Whether no later pass of the update brings contributions.</summary>
    public bool IsLastPass { get; set; } = true;

    /// <summary>What the optimizer steps by, float32, the store's own tensor: the sum over all ranks, of which there may be this rank's piece only.</summary>
    public Tensor Summed(Parameter parameter) => _ranks is { HasPieces: true } ? _ranks.PieceOf(parameter) : this[parameter];

    /// <summary>A pass has brought all it has for some parameters, so that the ranks' contributions can be summed while it goes on.</summary>
    public void Complete(IReadOnlyList<Parameter> parameters) => _ranks?.Begin([.. parameters.Where(Trains)], IsLastPass);

    /// <summary>Returns when the ranks' contributions are summed.</summary>
    public void WaitForRanks() => _ranks?.Wait();

    /// <summary>Whether the store has a gradient for the parameter.</summary>
    public bool Trains(Parameter parameter) => _trained.Contains(parameter);

    /// <summary>The sum, for kernels that add to it themselves; null where the parameter is not trained.</summary>
    internal Tensor? SumOf(Parameter parameter) => Trains(parameter) ? this[parameter] : null;

    /// <summary>Adds a contribution of the parameter's shape, in any dtype.</summary>
    public void Add(Parameter parameter, Tensor gradient)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        Tensor near = _offload ? gradient.cpu() : gradient;
        if (_sums.TryGetValue(parameter, out Tensor? sum))
        {
            sum.add_(near);
        }
        else
        {
            _sums[parameter] = near.detach().to(ScalarType.Float32, Place(Trained(parameter)), copy: true).DetachFromDisposeScope();
        }
    }

    /// <summary>Adds to rows of a table [V, D]: row ids[i] receives the gradient's row i, in any dtype.</summary>
    public void AddRows(Parameter parameter, Tensor ids_R, Tensor gradient_RD)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        Tensor sum = this[parameter];
        sum.index_add_(0, ids_R.to(sum.device), gradient_RD.to(ScalarType.Float32).to(sum.device), 1);
    }

    /// <summary>Adds dyᵀ x, the gradient of a weight [out, in] of y = x Wᵀ: straight into the sum where a kernel can.</summary>
    /// <param name="parameter">The weight.</param>
    /// <param name="dy_NO">The derivative by y.</param>
    /// <param name="x_NI">The inputs.</param>
    /// <param name="index">Which matrix of a weight [matrices, out, in]; null where the weight is one.</param>
    public void AddProduct(Parameter parameter, Tensor dy_NO, Tensor x_NI, int? index = null)
    {
        Tensor? part = index is { } one ? this[parameter].select(0, one) : null;
        if (CpuKernels.Serve(x_NI))
        {
            CpuKernels.AddWeightGradient(dy_NO, x_NI, part ?? this[parameter]);
            return;
        }

        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        Tensor product = dy_NO.t().mm(x_NI);
        if (part is null)
        {
            Add(parameter, product);
        }
        else
        {
            part.add_(product.to(part.device));
        }
    }

    /// <summary>The L2 norm of all gradients together. Waits for the device.</summary>
    public double Norm()
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        double norm = stack(Parameters.Select(parameter => Summed(parameter).norm())).to(ScalarType.Float64).norm().ToDouble();
        return _ranks is { HasPieces: true } ? Math.Sqrt(_ranks.Sum(norm * norm)) : norm;
    }

    /// <summary>Multiplies every gradient.</summary>
    public void Scale(double factor)
    {
        using var noGrad = no_grad();
        foreach (Parameter parameter in Parameters)
        {
            Summed(parameter).mul_(factor);
        }
    }

    /// <summary>Forgets the sums and gives their memory back.</summary>
    public void Clear()
    {
        foreach (Tensor sum in _sums.Values)
        {
            sum.Dispose();
        }

        _sums.Clear();
        _ranks?.Clear();
    }

    /// <inheritdoc/>
    public void Dispose() => Clear();

    /// <summary>A sum, which is the caller's from now on; null where nothing was added.</summary>
    internal Tensor? Take(Parameter parameter) => _sums.Remove(parameter, out Tensor? sum) ? sum : null;

    internal Device Place(Parameter parameter) => _offload ? CPU : parameter.Value.device;

    private Parameter Trained(Parameter parameter) =>
        _trained.Contains(parameter) ? parameter : throw new ArgumentException($"{parameter.Name} is not trained", nameof(parameter));
}
