using static TorchSharp.torch;

namespace Rlt.Models;

/// <summary>One named weight of a model. The model owns the tensor.</summary>
public sealed class Parameter : IDisposable
{
    /// <summary>Takes ownership of <paramref name="value"/>.</summary>
    public Parameter(string name, Tensor value)
    {
        Name = name;
        Value = value.DetachFromDisposeScope();
    }

    /// <summary>The name in the checkpoint.</summary>
    public string Name { get; }

    /// <summary>The weight.</summary>
    public Tensor Value { get; private set; }

    /// <summary>Puts another tensor of the same shape in place of the weight, which is disposed.</summary>
    public void Replace(Tensor value)
    {
        Value.Dispose();
        Value = value.DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose() => Value.Dispose();
}
