using Rlt.Models.Plans;

namespace Rlt.Models.Layers;

/// <summary>What goes with the rows of one pass from layer to layer, beside the residual stream.</summary>
/// <param name="pass">How the rows are joined into sequences.</param>
/// <param name="turns">The rows' rotary angles.</param>
/// <param name="tokenInputs">What the tokens bring to each layer, or null.</param>
public sealed class PassContext(ISequencePass pass, IReadOnlyDictionary<RotaryPlan, RotaryTurn> turns, TokenInputs? tokenInputs = null) : IDisposable
{
    private readonly Dictionary<int, (Carried Keys, Carried Values)> _shared = [];

    /// <summary>How the rows are joined into sequences.</summary>
    public ISequencePass Pass => pass;

    /// <summary>What the tokens bring to each layer, or null.</summary>
    public TokenInputs? TokenInputs => tokenInputs;

    /// <summary>The rows' rotary angles.</summary>
    public RotaryTurn Turn(RotaryPlan plan) => turns[plan];

    /// <summary>The keys and values of a layer that later layers use.</summary>
    public (Carried Keys, Carried Values) SharedOf(int layer)
    {
        if (!_shared.TryGetValue(layer, out var shared))
        {
            shared = _shared[layer] = (new Carried(), new Carried());
        }

        return shared;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((Carried keys, Carried values) in _shared.Values)
        {
            keys.Dispose();
            values.Dispose();
        }

        tokenInputs?.Dispose();
    }
}
