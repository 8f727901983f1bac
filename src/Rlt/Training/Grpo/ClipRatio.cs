using System.Text.Json.Nodes;

namespace Rlt.Training.Grpo;

/// <summary>Counts the tokens whose clipped ratio, not the policy's own, was in the loss: they pass no gradient on.</summary>
/// <remarks>Of <see cref="RatioLevel.Sequence"/>, all tokens of a sequence share its ratio.</remarks>
internal sealed class ClipRatio(GrpoOptions options)
{
    private long _tokens;
    private long _low;
    private long _high;

    /// <summary>Counts one sequence of an update.</summary>
    /// <param name="policy">log π of its tokens under the policy that learns.</param>
    /// <param name="sampled">The same under the policy that drew them.</param>
    /// <param name="advantage">The sequence's advantage.</param>
    public void Count(float[] policy, float[] sampled, float advantage)
    {
        double[] changes = [.. policy.Zip(sampled, (now, then) => (double)now - then)];
        if (options.Ratio == RatioLevel.Sequence && changes.Length > 0)
        {
            Array.Fill(changes, changes.Average());
        }

        _tokens += changes.Length;
        _low += advantage < 0 ? changes.Count(change => Math.Exp(change) < options.RatioBounds.Low) : 0;
        _high += advantage > 0 ? changes.Count(change => Math.Exp(change) > options.RatioBounds.High) : 0;
    }

    /// <summary>Adds the shares of the counted tokens: clipped at all, at the lower bound, at the upper.</summary>
    public void AddTo(JsonObject metrics)
    {
        double tokens = Math.Max(1, _tokens);
        metrics["clip_ratio"] = (_low + _high) / tokens;
        metrics["clip_ratio_low"] = _low / tokens;
        metrics["clip_ratio_high"] = _high / tokens;
    }
}
