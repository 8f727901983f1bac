using Rlt.Generation;

namespace Rlt.Serving.Requests;

/// <summary>What a client asks for, checked.</summary>
internal sealed record ApiRequest
{
    /// <summary>Whether it came to /chat/completions.</summary>
    public required bool IsChat { get; init; }

    /// <summary>The prompts: one of a chat, one or more of completions.</summary>
    public required IReadOnlyList<ApiPrompt> Prompts { get; init; }

    /// <summary>How tokens are drawn.</summary>
    public required SamplingOptions Sampling { get; init; }

    /// <summary>Answers to each prompt.</summary>
    public int Choices { get; init; } = 1;

    /// <summary>Tokens drawn at most; null: to the end of the model's context.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Makes the same request give the same answers.</summary>
    public long? Seed { get; init; }

    /// <summary>How many of the likeliest tokens are told beside each of the answer's; null tells no log-probabilities.</summary>
    public int? LogProbs { get; init; }

    /// <summary>The same of the prompt's tokens, in vLLM's form.</summary>
    public int? PromptLogProbs { get; init; }

    /// <summary>Whether the prompt stands before the answer.</summary>
    public bool Echo { get; init; }

    /// <summary>Whether the answer is sent while it is drawn.</summary>
    public bool Stream { get; init; }

    /// <summary>Whether a stream ends with the counts of tokens.</summary>
    public bool StreamUsage { get; init; }

    /// <summary>Whether texts are without special tokens.</summary>
    public bool SkipSpecialTokens { get; init; } = true;

    /// <summary>Whether the tokens of log-probabilities are told as "token_id:5" in place of their texts, as vLLM does.</summary>
    public bool TokensAsIds { get; init; }

    /// <summary>Whether a text that ended at a stop text ends with it.</summary>
    public bool IncludeStop { get; init; }

    /// <summary>How many of the likeliest tokens must be found for each of the prompt's; null needs no scores of the prompt.</summary>
    public int? ScoresPrompt => Echo && LogProbs is { } told ? Math.Max(told, PromptLogProbs ?? 0) : PromptLogProbs;
}

/// <summary>A prompt.</summary>
/// <param name="Ids">Its tokens.</param>
/// <param name="Text">Its text.</param>
internal sealed record ApiPrompt(int[] Ids, string Text);
