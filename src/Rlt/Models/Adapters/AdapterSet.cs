using static TorchSharp.torch;

namespace Rlt.Models.Adapters;

/// <summary>All adapters of a model.</summary>
public sealed class AdapterSet : IDisposable
{
    private readonly List<LoraAdapter> _adapters = [];
    private readonly AdapterDropout _dropout;

    /// <summary>No adapters yet, of the given sizes and places.</summary>
    public AdapterSet(LoraLayout layout)
    {
        Layout = layout;
        _dropout = new AdapterDropout(layout.Dropout);
    }

    /// <summary>Their sizes and places.</summary>
    public LoraLayout Layout { get; }

    /// <summary>A and B of each, by PEFT's names, in the layers' order.</summary>
    public IReadOnlyList<Parameter> Parameters => [.. _adapters.SelectMany(adapter => new[] { adapter.A, adapter.B })];

    /// <summary>Lets the adapters drop inputs, which they never do otherwise, until the result is disposed; null where the layout has no dropout.</summary>
    /// <param name="seed">The same inputs are dropped for the same seed.</param>
    public IDisposable? Dropout(long seed)
    {
        if (_dropout.Share == 0)
        {
            return null;
        }

        manual_seed(seed);
        return new DropoutScope(_dropout);
    }

    /// <inheritdoc/>
    public void Dispose() => _adapters.ForEach(adapter => adapter.Dispose());

    /// <summary>Makes the adapter of a linear map where the layout has one: A uniform within ±1/√in, B zeros.</summary>
    /// <remarks>A's bound is Kaiming's with a = √5, as PEFT draws it. Drawn on the CPU, so that every device begins alike.</remarks>
    public void AttachTo(Linear linear)
    {
        string module = linear.Weight.Name[..^".weight".Length];
        if (!Layout.Targets(module))
        {
            return;
        }

        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        Tensor weight = linear.Weight.Value;
        (long output, long input) = (weight.size(0), weight.size(1));
        int rank = Layout.RankOf(module);
        double bound = 1 / Math.Sqrt(input);
        Tensor down = ((rand([rank, input]) * (2 * bound)) - bound).to(weight.dtype, weight.device);
        Tensor up = zeros([output, rank], weight.dtype, weight.device);
        string name = AdapterFiles.NamePrefix + module;
        linear.Adapter = new LoraAdapter(
            new Parameter(name + ".lora_A.weight", down), new Parameter(name + ".lora_B.weight", up), Layout.ScaleOf(module), _dropout);
        _adapters.Add(linear.Adapter);
    }

    private sealed class DropoutScope : IDisposable
    {
        private readonly AdapterDropout _dropout;

        public DropoutScope(AdapterDropout dropout)
        {
            _dropout = dropout;
            _dropout.On = true;
        }

        public void Dispose() => _dropout.On = false;
    }
}
