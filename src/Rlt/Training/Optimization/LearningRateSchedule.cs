namespace Rlt.Training.Optimization;

/// <summary>The shape of the learning rate after its warm-up.</summary>
public enum ScheduleKind
{
    /// <summary>Stays at its peak.</summary>
    Constant,

    /// <summary>Falls in a straight line to zero.</summary>
    Linear,

    /// <summary>Falls along half a cosine to zero.</summary>
    Cosine,
}

/// <summary>Learning rates by step, as Hugging Face's schedules compute them: a linear warm-up from zero, then the chosen shape.</summary>
public static class LearningRateSchedule
{
    /// <summary>The rate of a step.</summary>
    /// <param name="kind">The shape.</param>
    /// <param name="peak">The highest rate.</param>
    /// <param name="step">From 0.</param>
    /// <param name="totalSteps">Steps of the whole run.</param>
    /// <param name="warmupRatio">Share of the steps that warms up, rounded up.</param>
    public static double At(ScheduleKind kind, double peak, int step, int totalSteps, double warmupRatio)
    {
        int warmup = (int)Math.Ceiling(warmupRatio * totalSteps);
        if (step < warmup)
        {
            return peak * step / warmup;
        }

        double progress = (double)(step - warmup) / Math.Max(1, totalSteps - warmup);
        return kind switch
        {
            ScheduleKind.Constant => peak,
            ScheduleKind.Linear => peak * Math.Max(0, 1 - progress),
            ScheduleKind.Cosine => peak * Math.Max(0, 0.5 * (1 + Math.Cos(Math.PI * progress))),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "unknown schedule"),
        };
    }
}
