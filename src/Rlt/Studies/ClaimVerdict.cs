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
