using Rlt.Statistics;

namespace Rlt.Studies;

/// <summary>What an interval says of the claim that a figure is above zero.</summary>
public enum ClaimVerdict
{
    /// <summary>All of the interval is above zero.</summary>
    Holds,

    /// <summary>All of it is below.</summary>
    DoesNotHold,

    /// <summary>It includes zero, or there is no figure.</summary>
    NotToldApart,
}

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
