using Rlt.Statistics;
using Rlt.Studies;

namespace Rlt.Reports.Studies;

/// <summary>A claim of a study and what came of it.</summary>
/// <param name="Section">The title of its section.</param>
/// <param name="Words">What is claimed.</param>
/// <param name="Figure">The difference or r with its interval, in words; null where the runs are not there.</param>
/// <param name="Value">The difference, as a share, or r; null where there is none.</param>
/// <param name="Interval">Its 95% interval; null where there is no figure.</param>
/// <param name="Verdict">Whether it holds; null where the runs are not there.</param>
internal sealed record StudyClaim(string Section, string Words, string? Figure, double? Value, Interval? Interval, ClaimVerdict? Verdict)
{
    /// <summary>The verdict in words.</summary>
    public string Outcome => Verdict is { } verdict ? Wording.Of(verdict) : "left out: runs are not there";
}
