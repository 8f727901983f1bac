using Rlt.Models.Gradients;
using static TorchSharp.torch;

namespace Rlt.Models.Layers;

/// <summary>A tensor that one part of a pass makes and later layers take beside the residual stream; it outlives its maker's scope and tape.</summary>
public sealed class Carried : IDisposable
{
    private Tensor? _data;
    private Tensor? _gradient;

    /// <summary>What the takers' backwards have brought; null for nothing.</summary>
    internal Tensor? Gradient => _gradient;

    /// <summary>The tensor.</summary>
    internal Tensor Data => _data ?? throw new InvalidOperationException("what is carried was not made yet");

    /// <summary>The maker's side: keeps the tensor, and adds what the takers' backwards have brought to the derivative of its later uses.</summary>
    /// <returns>The variable for the maker's own further use.</returns>
    public Variable Leave(Variable made, Tape? tape)
    {
        _data ??= made.Data.alias().DetachFromDisposeScope();
        if (tape is null)
        {
            return made;
        }

        var own = new Variable(made.Data.alias());
        tape.Record([own], above =>
        {
            if (above[0] is { } gradient)
            {
                made.Receive(gradient, shared: true);
            }

            if (_gradient is { } brought)
            {
                made.Receive(brought, shared: true);
            }
        });
        return own;
    }

    /// <summary>The taker's side: the tensor, and where a tape is, its derivative is handed back when that tape's backward comes to it.</summary>
    public Variable Take(Tape? tape)
    {
        var taken = new Variable(Data.alias());
        tape?.Record([taken], above =>
        {
            if (above[0] is { } gradient)
            {
                _gradient = _gradient is null ? gradient.clone().DetachFromDisposeScope() : _gradient.add_(gradient);
            }
        });
        return taken;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _data?.Dispose();
        _gradient?.Dispose();
    }
}
