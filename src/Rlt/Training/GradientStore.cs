using Rlt.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlt.Training;

/// <summary>The gradient of each trained parameter, summed in float32 over micro-batches whatever the weights' dtype.</summary>
public sealed class GradientStore : IDisposable
{
    private readonly Dictionary<Parameter, Tensor> _sums = [];
    private readonly HashSet<Parameter> _filled = [];

    /// <summary>A store for the given parameters, which are marked as requiring gradients.</summary>
    public GradientStore(IReadOnlyList<Parameter> parameters)
    {
        Parameters = parameters;
        foreach (Parameter parameter in parameters)
        {
            parameter.Value.requires_grad_(true);
            _sums[parameter] = zeros(parameter.Value.shape, ScalarType.Float32, parameter.Value.device).DetachFromDisposeScope();
        }
    }

    /// <summary>The trained parameters.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>The sum so far, float32, the store's own tensor; zeros where nothing was added since <see cref="Clear"/>.</summary>
    public Tensor this[Parameter parameter]
    {
        get
        {
            if (_filled.Add(parameter))
            {
                _sums[parameter].zero_();
            }

            return _sums[parameter];
        }
    }

    /// <summary>Whether the store has a gradient for the parameter.</summary>
    public bool Trains(Parameter parameter) => _sums.ContainsKey(parameter);

    /// <summary>Adds a contribution of the parameter's shape, in any dtype.</summary>
    public void Add(Parameter parameter, Tensor gradient)
    {
        using var noGrad = no_grad();
        Tensor sum = _sums[parameter];
        _ = _filled.Add(parameter) ? sum.copy_(gradient) : sum.add_(gradient);
    }

    /// <summary>Adds to rows of a table [V, D]: row ids[i] receives the gradient's row i, in any dtype.</summary>
    public void AddRows(Parameter parameter, Tensor ids_R, Tensor gradient_RD)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        this[parameter].index_add_(0, ids_R, gradient_RD.to(ScalarType.Float32), 1);
    }

    /// <summary>Moves what backward left on the parameters into the sums.</summary>
    public void Collect(IEnumerable<Parameter> parameters)
    {
        foreach (Parameter parameter in parameters)
        {
            using Tensor? gradient = parameter.Value.grad;
            if (gradient is not null)
            {
                Add(parameter, gradient);
                parameter.Value.grad = null;
            }
        }
    }

    /// <summary>The L2 norm of all gradients together. Waits for the device.</summary>
    public double Norm()
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        Tensor[] norms = [.. Parameters.Select(parameter => this[parameter].norm())];
        return stack(norms).to(ScalarType.Float64).norm().ToDouble();
    }

    /// <summary>Multiplies every gradient.</summary>
    public void Scale(double factor)
    {
        using var noGrad = no_grad();
        foreach (Parameter parameter in Parameters)
        {
            this[parameter].mul_(factor);
        }
    }

    /// <summary>Forgets the sums; their memory is kept for the next step.</summary>
    public void Clear() => _filled.Clear();

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor sum in _sums.Values)
        {
            sum.Dispose();
        }
    }
}
