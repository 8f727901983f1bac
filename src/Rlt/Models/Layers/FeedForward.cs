using Rlt.Models.Gradients;
using Rlt.Models.Plans;

namespace Rlt.Models.Layers;

// N rows, D width, I inner width
/// <summary>down(activation(gate(x), up(x))).</summary>
internal sealed class FeedForward : IFeedForward
{
    private readonly DensePlan _plan;
    private readonly Linear? _fused;

    public FeedForward(DensePlan plan, WeightMap weights, string prefix)
    {
        _plan = plan;
        _fused = weights.OptionalLinear(prefix + "gate_up_proj");
        Gate = weights.OptionalLinear(prefix + "gate_proj");
        Up = weights.OptionalLinear(prefix + "up_proj");
        Down = weights.Linear(prefix + "down_proj");
        Linears = [.. new[] { _fused, Gate, Up, Down }.OfType<Linear>()];
    }

    /// <inheritdoc/>
    public IReadOnlyList<Linear> Linears { get; }

    /// <summary>Null where it is fused with the up projection.</summary>
    public Linear? Gate { get; }

    /// <summary>Null where it is fused with the gate.</summary>
    public Linear? Up { get; }

    /// <summary>The down projection.</summary>
    public Linear Down { get; }

    /// <inheritdoc/>
    public Variable Apply(Variable x_ND, Variable residual_ND, Tape? tape) => Apply(x_ND, tape);

    /// <summary>The same of rows alone.</summary>
    public Variable Apply(Variable x_ND, Tape? tape)
    {
        if (_fused is null)
        {
            return Down.Apply(GatedActivation.Apply(_plan.Activation, Gate!.Apply(x_ND, tape), Up!.Apply(x_ND, tape), tape), tape);
        }

        Variable both = _fused.Apply(x_ND, tape);
        Variable gate_NI = Variable.Part(both, whole => whole.narrow(-1, 0, _plan.Inner), tape);
        Variable up_NI = Variable.Part(both, whole => whole.narrow(-1, _plan.Inner, _plan.Inner), tape);
        return Down.Apply(GatedActivation.Apply(_plan.Activation, gate_NI, up_NI, tape), tape);
    }
}
