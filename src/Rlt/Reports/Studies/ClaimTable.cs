using Rlt.Studies;

namespace Rlt.Reports.Studies;

/// <summary>A study's claims, section by section.</summary>
internal static class ClaimTable
{
    /// <summary>The claims.</summary>
    public static IReadOnlyList<StudyClaim> Claims(Study study) => [.. study.Sections.SelectMany(Claims)];

    /// <summary>The claims as a Markdown table, one a line.</summary>
    public static string Markdown(IReadOnlyList<StudyClaim> claims) => claims.Count == 0 ? "" : Figures.Head(["section", "claim", "figure", "verdict"])
        + string.Concat(claims.Select(claim => Figures.Row([Figures.Cell(claim.Section), Figures.Cell(claim.Words), Figures.Cell(claim.Figure ?? "–"), $"**{claim.Outcome}**"])));

    private static IEnumerable<StudyClaim> Claims(StudySection section)
    {
        for (int i = 0; i < section.Config.Compare.Count; i++)
        {
            if (section.Config.Compare[i].Claim)
            {
                StudyComparison? found = section.Comparisons[i];
                yield return new StudyClaim(section.Config.Title, Wording.Claim(section.Config, section.Config.Compare[i]), found is null ? null : Wording.Figure(found), found?.Difference, found?.Interval, found?.Verdict);
            }
        }

        if (section.Config.Correlation is { Claim: true } correlation)
        {
            StudyCorrelation? found = section.Correlation;
            yield return new StudyClaim(section.Config.Title, Wording.Claim(correlation), found is null ? null : Wording.Figure(found), found?.R, found?.Interval, found?.Verdict);
        }
    }
}
