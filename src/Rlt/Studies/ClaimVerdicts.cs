using Rlt.Statistics;

namespace Rlt.Studies;

/// <summary>Reads verdicts off intervals.</summary>
public static class ClaimVerdicts
{
    /// <summary>The verdict; null, where nothing could be computed, tells nothing apart.</summary>
    public static ClaimVerdict Of(Interval? interval) => interval switch
    {
        { Low: > 0 } => ClaimVerdict.Holds,
        { High: < 0 } => ClaimVerdict.DoesNotHold,
        _ => ClaimVerdict.NotToldApart,
    };
}
