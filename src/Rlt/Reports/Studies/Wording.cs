using Rlt.Studies;
using Rlt.Studies.Settings;

namespace Rlt.Reports.Studies;

/// <summary>Findings in words; a claim that fails is said as plainly as one that holds.</summary>
internal static class Wording
{
    /// <summary>What a comparison claims.</summary>
    public static string Claim(SectionConfig section, ComparisonConfig comparison) =>
        $"{Name(section, comparison.Arm)} is above {Name(section, comparison.Over)}";

    /// <summary>What a correlation claims.</summary>
    public static string Claim(CorrelationConfig correlation) => $"accuracy grows with {Figures.Heading(correlation.X)}";

    /// <summary>A verdict.</summary>
    public static string Of(ClaimVerdict verdict) => verdict switch
    {
        ClaimVerdict.Holds => "holds",
        ClaimVerdict.DoesNotHold => "does not hold",
        _ => "not told apart",
    };

    /// <summary>A comparison's difference and interval.</summary>
    public static string Figure(StudyComparison comparison) =>
        $"{Figures.Points(comparison.Difference)} points, 95% interval {Figures.Points(comparison.Interval)}";

    /// <summary>A correlation's r and interval.</summary>
    public static string Figure(StudyCorrelation correlation) => correlation is { R: { } r, Interval: { } interval }
        ? $"r = {Figures.Correlation(r)}, 95% interval {Figures.Correlation(interval)} with these "
            + $"arms{(correlation.ArmsInterval is { } arms ? $", {Figures.Correlation(arms)} if arms vary too" : "")}"
        : "r is not defined: all points have the same " + (Spread(correlation.X) ? "accuracy" : Figures.Heading(correlation.Config.X));

    /// <summary>A comparison as a sentence.</summary>
    public static string Sentence(SectionConfig section, StudyComparison comparison)
    {
        string claim = Claim(section, comparison.Config), over = Over(comparison.Replicates);
        return comparison.Config.Claim
            ? $"**{claim}**: {Of(comparison.Verdict)} {over} ({Figure(comparison)}{Addition(comparison.Verdict, "; it is below")})"
            : Told(section, comparison, over);
    }

    /// <summary>A correlation as a sentence.</summary>
    public static string Sentence(StudyCorrelation correlation)
    {
        string about = $"{Figure(correlation)}{(correlation.R is null ? "" : Addition(correlation.Verdict, "; it falls"))}; "
            + $"{correlation.Arms.Count} arms {Over(correlation.Replicates)}";
        string claim = Claim(correlation.Config);
        return correlation.Config.Claim
            ? $"**{char.ToUpperInvariant(claim[0])}{claim[1..]}**: {Of(correlation.Verdict)} ({about})"
            : $"Accuracy against {Figures.Heading(correlation.Config.X)}: {about}";
    }

    private static string Told(SectionConfig section, StudyComparison comparison, string over)
    {
        (string arm, string other) = (Name(section, comparison.Config.Arm), Name(section, comparison.Config.Over));
        string found = comparison.Verdict switch
        {
            ClaimVerdict.Holds => $"{arm} is above {other}",
            ClaimVerdict.DoesNotHold => $"{arm} is below {other}",
            _ => $"{arm} and {other} are not told apart",
        };
        return $"{found} {over} ({Figure(comparison)}{Addition(comparison.Verdict, "")})";
    }

    private static string Addition(ClaimVerdict verdict, string contrary) => verdict switch
    {
        ClaimVerdict.Holds => "",
        ClaimVerdict.DoesNotHold => contrary,
        _ => ", which includes zero",
    };

    private static string Over(int seeds) => seeds == 1 ? "with one seed" : $"over {seeds} seeds";

    private static string Name(SectionConfig section, string name) =>
        section.Arms.First(arm => arm.Name == name) is { Label: var label } && label != name ? $"{label} ({name})" : name;

    private static bool Spread(IReadOnlyList<double[]> values) => values.SelectMany(of => of).Distinct().Count() > 1;
}
