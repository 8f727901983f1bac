using Rlt.Statistics;
using Rlt.Studies;

namespace Rlt.Reports.Studies;

/// <summary>A study's claims, section by section.</summary>
internal static class ClaimTable
{
    /// <summary>The claims.</summary>
    public static IReadOnlyList<StudyClaim> Claims(Study study) => [.. study.Sections.SelectMany(Claims)];

    /// <summary>The claims as a Markdown table, one a line.</summary>
    public static string Markdown(IReadOnlyList<StudyClaim> claims) => claims.Count == 0 ? "" : Figures.Head(["section", "claim", "figure", "verdict"])
        + string.Concat(claims.Select(claim =>
            Figures.Row([Figures.Cell(claim.Section), Figures.Cell(claim.Words), Figures.Cell(claim.Figure ?? "–"), $"**{claim.Outcome}**"])));

    private static IEnumerable<StudyClaim> Claims(StudySection section)
    {
        for (int i = 0; i < section.Config.Compare.Count; i++)
        {
            if (section.Config.Compare[i].Claim)
            {
                StudyComparison? found = section.Comparisons[i];
                yield return new StudyClaim(section.Config.Title, Wording.Claim(section.Config, section.Config.Compare[i]),
                    found is null ? null : Wording.Figure(found), found?.Difference, found?.Interval, found?.Verdict);
            }
        }

        if (section.Config.Correlation is { Claim: true } correlation)
        {
            StudyCorrelation? found = section.Correlation;
            yield return new StudyClaim(section.Config.Title, Wording.Claim(correlation),
                found is null ? null : Wording.Figure(found), found?.R, found?.Interval, found?.Verdict);
        }
    }
}

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
