namespace Rlt.Text.Jinja;

/// <summary>Bounds on what one rendering may use, so that no template can run for ever or fill the memory.</summary>
public sealed record JinjaLimits
{
    /// <summary>Most steps: statements, expressions and items walked, and one per 64 characters of text built.</summary>
    public long MaxSteps { get; init; } = 20_000_000;

    /// <summary>Most macro calls and recursive loops inside each other.</summary>
    public int MaxDepth { get; init; } = 100;

    /// <summary>Most characters of the output and of any string built on the way.</summary>
    public int MaxCharacters { get; init; } = 64 * 1024 * 1024;
}
