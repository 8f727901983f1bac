using Rlt.Models.Gradients;
using static TorchSharp.torch;

namespace Rlt.Models.Adapters;

/// <summary>What is learned beside one frozen linear map: B·A, of low rank.</summary>
/// <remarks>Source: LoRA (arXiv 2106.09685), section 4.1. The weights are of the model's dtype; the optimizer keeps float32 ones.</remarks>
public sealed class LoraAdapter : IDisposable
{
    private readonly AdapterDropout _dropout;

    internal LoraAdapter(Parameter down, Parameter up, double scale, AdapterDropout dropout)
    {
        (A, B, Scale, _dropout) = (down, up, scale, dropout);
    }

    /// <summary>[r, in].</summary>
    public Parameter A { get; }

    /// <summary>[out, r]; zeros at first, so that training begins at the base model.</summary>
    public Parameter B { get; }

    /// <summary>alpha / r.</summary>
    public double Scale { get; }

    /// <summary>scale · B A x of x [N, in]: [N, out].</summary>
    public Variable Apply(Variable x, Tape? tape)
    {
        Variable kept = _dropout.On ? Tape.Plain(tape, data => nn.functional.dropout(data[0], _dropout.Share), [x]) : x;

        // Scaled where it is narrowest.
        return Linear.Map(Variable.Scaled(Linear.Map(kept, A, null, tape), Scale, tape), B, null, tape);
    }

    /// <summary>Adds scale · B A to a weight [out, in], in float32 and rounded once to its dtype.</summary>
    public void AddTo(Parameter weight)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        Tensor product = B.Value.to(ScalarType.Float32).mm(A.Value.to(ScalarType.Float32));
        weight.Value.copy_(product.mul_(Scale).add_(weight.Value.to(ScalarType.Float32)));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        A.Dispose();
        B.Dispose();
    }
}

/// <summary>Whether the adapters of a model drop inputs now, and which share of them.</summary>
internal sealed class AdapterDropout(double share)
{
    public double Share { get; } = share;

    public bool On { get; set; }
}
