using Rlt.Distributed;
using static TorchSharp.torch;

namespace Rlt.Models;

/// <summary>One named weight of a model, or this rank's piece of it. The model owns the tensors.</summary>
public sealed class Parameter : IDisposable
{
    private long _start;

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

    /// <summary>The weight. Where the ranks share it out, its numbers are there only while it is whole, and NaN otherwise;
    /// shape, type and device always are.</summary>
    public Tensor Value { get; private set; }

    /// <summary>This rank's piece of the weight [numbers], where the ranks share it out; null where each has all.</summary>
    public Tensor? Piece { get; private set; }

    /// <summary>What this rank has of the weight at all times.</summary>
    public Tensor Held => Piece ?? Value;

    /// <summary>Keeps this rank's piece only.</summary>
    /// <param name="sharding">The ranks.</param>
    public void Shard(Sharding sharding)
    {
        using var noGrad = no_grad();
        (_start, long length) = sharding.PieceOf(Value.numel());
        Piece = Value.view(-1).narrow(0, _start, length).clone().DetachFromDisposeScope();
        Release();
    }

    /// <summary>A tensor for the whole weight, to be filled; <see cref="Value"/> from now on.</summary>
    public Tensor MakeWhole()
    {
        if (Piece is not null)
        {
            Replace(empty(Value.shape, Value.dtype, Value.device));
        }

        return Value;
    }

    /// <summary>Changes the weight's numbers, or those of its piece, to those of a whole tensor, which is disposed.</summary>
    public void Set(Tensor whole)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using Tensor given = whole;
        Held.copy_(Piece is null ? given : given.view(-1).narrow(0, _start, Piece.numel()));
    }

    /// <summary>Lets go of a whole weight of which the piece is kept.</summary>
    public void Release()
    {
        if (Piece is not null)
        {
            using Tensor nothing = full([1], double.NaN, Value.dtype, Value.device);
            Replace(nothing.expand(Value.shape));
        }
    }

    /// <summary>Puts another tensor of the same shape in place of the weight, which is disposed.</summary>
    public void Replace(Tensor value)
    {
        Value.Dispose();
        Value = value.DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Value.Dispose();
        Piece?.Dispose();
    }
}
