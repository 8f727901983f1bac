using Rlt.Configuration;

namespace Rlt.Teaching.Rewards;

/// <summary>What each sign of gaming costs an explanation: the reward is lowered by the sign, 0 to 1, times its weight.</summary>
/// <remarks>Reward functions of their own beside the RLT reward, with weights; the paper has none, and so have the defaults.</remarks>
public sealed record RewardPenalties : IValidated
{
    /// <summary>Weight of telling the final answer in the first fifth; needs rows with an answer.</summary>
    public double LeaksEarly { get; init; }

    /// <summary>Weight of the share of the solution's four-word runs that are copied.</summary>
    public double CopiesSolution { get; init; }

    /// <summary>Weight of the share of the explanation's four-word runs that it had before.</summary>
    public double Repetition { get; init; }

    /// <summary>What an explanation's signs cost.</summary>
    public double Of(ExplanationSigns signs) =>
        (LeaksEarly * signs.LeaksEarly) + (CopiesSolution * signs.CopiesSolution) + (Repetition * signs.Repetition);

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Problems()
    {
        foreach ((string key, double value) in new[]
        {
            (nameof(LeaksEarly), LeaksEarly), (nameof(CopiesSolution), CopiesSolution), (nameof(Repetition), Repetition),
        })
        {
            if (!(value >= 0))
            {
                yield return new ConfigProblem(key, $"is {value}; expected 0 (no penalty) or more: it is subtracted from the reward");
            }
        }
    }
}
