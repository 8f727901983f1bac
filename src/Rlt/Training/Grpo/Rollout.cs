using System.Text.Json.Nodes;
using Rlt.Generation;
using Rlt.Models;

namespace Rlt.Training.Grpo;

/// <summary>A completion that a policy has drawn, with its reward.</summary>
/// <param name="Prompt">The prompt's tokens.</param>
/// <param name="Sample">The drawn tokens.</param>
/// <param name="Text">The completion's text.</param>
/// <param name="Reward">What it is worth.</param>
internal abstract record Rollout(int[] Prompt, Sample Sample, string Text, double Reward)
{
    /// <summary>As the policy learns it: prompt and drawn tokens, the drawn ones scored.</summary>
    public TokenSequence Sequence { get; } = new([.. Prompt, .. Sample.Ids], Prompt.Length);

    /// <summary>As a row of samples.jsonl: what it was drawn for and how it was rewarded.</summary>
    public abstract JsonObject ToRow();

    /// <summary>Whether the token limit cut it off.</summary>
    public bool IsTruncated => Sample.Finish != FinishReason.Stop;
}
