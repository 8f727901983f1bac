using Rlt.Evaluation.Statistics;

namespace Rlt.Studies;

/// <summary>Reads verdicts off intervals.</summary>
public static class Verdicts
{
    /// <summary>The verdict; null, where nothing could be computed, tells nothing apart.</summary>
    public static Verdict Of(Interval? interval) => interval switch
    {
        { Low: > 0 } => Verdict.Holds,
        { High: < 0 } => Verdict.DoesNotHold,
        _ => Verdict.NotToldApart,
    };
}
