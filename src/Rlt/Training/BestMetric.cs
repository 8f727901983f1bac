namespace Rlt.Training;

/// <summary>The metric by which a run's best model is told.</summary>
/// <param name="Name">Its name in metrics.jsonl.</param>
/// <param name="Shown">What it is, for people.</param>
/// <param name="IsHeldOut">Whether it is measured on held-out rows after a step, and not, noisily, on each step's own.</param>
/// <param name="IsLowest">Whether the lowest is the best.</param>
public sealed record BestMetric(string Name, string Shown, bool IsHeldOut = false, bool IsLowest = false)
{
    /// <summary>The mean reward of a step's completions.</summary>
    public static BestMetric Reward { get; } = new("reward", "mean reward");

    /// <summary>The loss on held-out rows, nats a token.</summary>
    public static BestMetric HeldOutLoss { get; } = new("validation_loss", "held-out loss", IsHeldOut: true, IsLowest: true);

    /// <summary>The mean reward on held-out questions.</summary>
    public static BestMetric HeldOutReward { get; } = new("validation_reward", "held-out reward", IsHeldOut: true);

    /// <summary>The share of right answers to held-out questions.</summary>
    public static BestMetric HeldOutAccuracy { get; } = new("validation_correct", "held-out accuracy", IsHeldOut: true);

    /// <summary>By how much one value is better than another; negative where it is worse.</summary>
    public double Gain(double value, double over) => IsLowest ? over - value : value - over;
}
