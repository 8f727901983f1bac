using Rlt.Configuration.Resuming;

namespace Rlt.Servers;

/// <summary>In what form a server tells the log-probabilities of given tokens.</summary>
public enum ScoreForm
{
    /// <summary>vLLM's, SGLang's and rlt serve's prompt_logprobs, by token id.</summary>
    PromptLogprobs,

    /// <summary>OpenAI's older completions: echo with logprobs. The likeliest tokens beside the given one need a server that writes ids ("token_id:5").</summary>
    Echo,
}

/// <summary>An OpenAI-compatible server that gives the log-probabilities of given tokens, by /completions.</summary>
public sealed record ScoringServer : ServerAccess
{
    /// <summary>The name that the server has for the model; null: the only one that it serves.</summary>
    [MayChange]
    public string? Model { get; init; }

    /// <summary>prompt_logprobs or echo.</summary>
    [MayChange]
    public ScoreForm Form { get; init; }

    /// <inheritdoc/>
    public override string Endpoint => "/completions";
}
