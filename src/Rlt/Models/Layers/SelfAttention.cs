using Rlt.Models.Gradients;
using Rlt.Models.Plans;

namespace Rlt.Models.Layers;

// N rows, D width, H heads, K kv heads, E head width
/// <summary>Softmax attention of a layer as its plan has it.</summary>
internal sealed class SelfAttention : IMixer
{
    private readonly AttentionPlan _plan;
    private readonly AttentionRule _rule;
    private readonly RmsNorm? _valueNorm;
    private readonly int _layer;
    private readonly bool _isSource;
    private readonly Linear? _fused;

    public SelfAttention(AttentionPlan plan, int layer, bool isSource, WeightMap weights, string prefix, double epsilon)
    {
        (_plan, _layer, _isSource) = (plan, layer, isSource);
        _fused = weights.OptionalLinear(prefix + "qkv_proj");
        Query = weights.OptionalLinear(prefix + "q_proj");
        Key = weights.OptionalLinear(prefix + "k_proj");
        Value = weights.OptionalLinear(prefix + "v_proj");
        Output = weights.Linear(prefix + "o_proj");
        QueryNorm = weights.OptionalNorm(prefix + "q_norm");
        KeyNorm = weights.OptionalNorm(prefix + "k_norm");
        _valueNorm = plan.ValueNorm ? new RmsNorm(null, epsilon) : null;
        _rule = new AttentionRule(plan.Scale, plan.Window, weights.Optional(prefix + "sinks"));
        Linears = [.. new[] { _fused, Query, Key, Value, Output }.OfType<Linear>()];
    }

    /// <inheritdoc/>
    public IReadOnlyList<Linear> Linears { get; }

    /// <summary>Null where the three are one map.</summary>
    public Linear? Query { get; }

    /// <summary>Null where keys are another layer's, or fused.</summary>
    public Linear? Key { get; }

    /// <summary>Null where values are another layer's, the keys, or fused.</summary>
    public Linear? Value { get; }

    /// <summary>The output projection.</summary>
    public Linear Output { get; }

    /// <summary>The norm of queries, or null.</summary>
    public RmsNorm? QueryNorm { get; }

    /// <summary>The norm of keys, or null.</summary>
    public RmsNorm? KeyNorm { get; }

    /// <inheritdoc/>
    public Variable Apply(Variable x_ND, PassContext context, Tape? tape)
    {
        long rows = x_ND.Data.size(0);
        (Variable q, Variable? k, Variable? v) = Projected(x_ND, tape);
        Variable? gate_NHE = null;
        if (_plan.Gated)
        {
            Variable both_NHW = Variable.View(q, tape, rows, _plan.Heads, 2L * _plan.HeadSize);
            q = Variable.Part(both_NHW, whole => whole.narrow(-1, 0, _plan.HeadSize), tape);
            gate_NHE = Variable.Part(both_NHW, whole => whole.narrow(-1, _plan.HeadSize, _plan.HeadSize), tape);
        }

        Variable q_NHE = Turned(Normed(q, QueryNorm, _plan.Heads, rows, tape), _plan.QueryRotary ?? _plan.Rotary, context, tape);
        (Variable k_NKE, Variable v_NKE) = KeysAndValues(k, v, rows, context, tape);
        Variable attended_NHE = context.Pass.Attend(_plan.Source ?? _layer, _rule, q_NHE, k_NKE, v_NKE, tape);
        if (gate_NHE is not null)
        {
            attended_NHE = Tape.Plain(tape, data => data[0] * data[1].sigmoid(), [attended_NHE, gate_NHE]);
        }

        return Output.Apply(Variable.View(attended_NHE, tape, rows, _plan.QueryWidth), tape);
    }

    private (Variable Q, Variable? K, Variable? V) Projected(Variable x_ND, Tape? tape)
    {
        if (_fused is null)
        {
            Variable? key = Key?.Apply(x_ND, tape);
            return (Query!.Apply(x_ND, tape), key, _plan.KeysAreValues ? key : Value?.Apply(x_ND, tape));
        }

        Variable all = _fused.Apply(x_ND, tape);
        return (Columns(0, _plan.QueryWidth), Columns(_plan.QueryWidth, _plan.KeyWidth), Columns(_plan.QueryWidth + _plan.KeyWidth, _plan.KeyWidth));

        Variable Columns(long start, long count) => Variable.Part(all, whole => whole.narrow(-1, start, count), tape);
    }

    // Another layer's keys and values are taken as that layer made them.
    private (Variable Keys, Variable Values) KeysAndValues(Variable? k, Variable? v, long rows, PassContext context, Tape? tape)
    {
        if (_plan.Source is { } source)
        {
            (Carried keys, Carried values) = context.SharedOf(source);
            return (keys.Take(tape), values.Take(tape));
        }

        Variable k_NKE = Turned(Normed(k!, KeyNorm, _plan.KeyValueHeads, rows, tape), _plan.Rotary, context, tape);
        Variable v_NKE = Heads(v!, _plan.KeyValueHeads, rows, tape);
        v_NKE = _valueNorm?.Apply(v_NKE, tape) ?? v_NKE;
        if (_isSource)
        {
            (Carried keys, Carried values) = context.SharedOf(_layer);
            return (keys.Leave(k_NKE, tape), values.Leave(v_NKE, tape));
        }

        return (k_NKE, v_NKE);
    }

    private Variable Normed(Variable x, RmsNorm? norm, int heads, long rows, Tape? tape) => _plan.QueryKeyNorm switch
    {
        QueryKeyNorm.WholeProjection => Heads(norm!.Apply(x, tape), heads, rows, tape),
        QueryKeyNorm.PerHead => norm!.Apply(Heads(x, heads, rows, tape), tape),
        _ => Heads(x, heads, rows, tape),
    };

    private Variable Heads(Variable x, int heads, long rows, Tape? tape) =>
        x.Data.dim() == 3 ? x : x.Data.is_contiguous() ? Variable.View(x, tape, rows, heads, _plan.HeadSize)
            : Variable.Part(x, whole => whole.view(rows, heads, _plan.HeadSize), tape);

    private static Variable Turned(Variable x_NHE, RotaryPlan? rotary, PassContext context, Tape? tape) =>
        rotary is null ? x_NHE : context.Turn(rotary).Apply(x_NHE, tape);
}
