using Rlt.Models.Gradients;

namespace Rlt.Models.Layers;

// N rows, D width
/// <summary>The part of a layer in which rows take from those before them.</summary>
internal interface IMixer
{
    /// <summary>The maps that can have an adapter.</summary>
    IReadOnlyList<Linear> Linears { get; }

    /// <summary>What is added to the rows: [N, D] of normed rows [N, D].</summary>
    Variable Apply(Variable x_ND, PassContext context, Tape? tape);
}

/// <summary>The part of a layer that takes each row by itself.</summary>
internal interface IFeedForward
{
    /// <summary>The maps that can have an adapter.</summary>
    IReadOnlyList<Linear> Linears { get; }

    /// <summary>What is added to the rows: [N, D].</summary>
    /// <param name="x_ND">The normed rows.</param>
    /// <param name="residual_ND">The rows before the norm.</param>
    /// <param name="tape">Records what the backward takes, or null.</param>
    Variable Apply(Variable x_ND, Variable residual_ND, Tape? tape);
}
