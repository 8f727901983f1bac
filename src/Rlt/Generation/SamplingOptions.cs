namespace Rlt.Generation;

/// <summary>How tokens are drawn.</summary>
public sealed record SamplingOptions
{
    /// <summary>Divides the logits; 0 takes the likeliest token.</summary>
    public double Temperature { get; init; } = 1.0;

    /// <summary>Keeps the likeliest tokens whose probabilities add up to this; 1 keeps all.</summary>
    public double TopP { get; init; } = 1.0;

    /// <summary>Keeps this many of the likeliest tokens; 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Tokens drawn at most.</summary>
    public int MaxNewTokens { get; init; } = 512;

    /// <summary>Ids that end a sample; the id is part of the sample.</summary>
    public IReadOnlyList<int> StopIds { get; init; } = [];

    /// <summary>Texts that end a sample; the tokens that complete the text are part of the sample.</summary>
    public IReadOnlyList<string> StopTexts { get; init; } = [];

    /// <summary>Sequences decoded at once at most.</summary>
    public int MaxRows { get; init; } = 64;
}
