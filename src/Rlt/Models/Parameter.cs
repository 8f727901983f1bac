using static TorchSharp.torch;

namespace Rlt.Models;

/// <summary>One named weight of a model. The model owns the tensor.</summary>
public sealed class Parameter : IDisposable
{
    /// <summary>Takes ownership of <paramref name="value"/>.</summary>
    /// <param name="name">The name in the checkpoint.</param>
    /// <param name="value">The weight.</param>
    /// <param name="storedName">The name in the files, where those write it in another form.</param>
    public Parameter(string name, Tensor value, string? storedName = null)
    {
        (Name, StoredName) = (name, storedName ?? name);
        Value = value.DetachFromDisposeScope();
    }

    /// <summary>The name in the checkpoint.</summary>
    public string Name { get; }

    /// <summary>The name in the files that it was read from, under which it is written.</summary>
    public string StoredName { get; }

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
