using Rlt.Charts;
using Rlt.Statistics;
using Rlt.Studies;
using Rlt.Studies.Settings;

namespace Rlt.Reports.Studies;

/// <summary>A section's pictures.</summary>
internal static class Pictures
{
    /// <summary>The bars of the arms' accuracies; null where the section is of a correlation only, or no arm is there.</summary>
    public static string? Bars(StudySection section)
    {
        if (section.Arms.Count == 0 || (section.Config.Correlation is not null && section.Config.Compare.Count == 0))
        {
            return null;
        }

        bool seeds = section.Arms.Any(arm => arm.Evaluations > 1);
        return SeedBarChart.Svg(
            seeds ? "accuracy: mean over seeds with its 95% interval; a dot is a seed" : "accuracy with its 95% interval",
            [.. section.Arms.Select(arm => new SeedBar(
                arm.Config.Name,
                arm.Config.Label == arm.Config.Name ? "" : arm.Config.Label,
                arm.Accuracy, arm.Interval.Low, arm.Interval.High,
                arm.Evaluations > 1 ? [.. arm.Runs.DistinctBy(run => run.Eval.Folder).Select(run => run.Eval.Accuracy)] : []))]);
    }

    /// <summary>The points of a correlation and their line.</summary>
    public static string Scatter(StudyCorrelation correlation)
    {
        string x = Figures.Heading(correlation.Config.X);
        return ScatterChart.Svg(
            $"accuracy against {x}: {Wording.Figure(correlation)}",
            $"{x}, mean over the traces",
            [.. correlation.Arms.Select((arm, i) => new ScatterGroup(Legend(arm.Config), [.. correlation.X[i].Zip(correlation.Y[i])]))],
            Correlation.Line([.. correlation.X.SelectMany(of => of)], [.. correlation.Y.SelectMany(of => of)]));
    }

    private static string Legend(ArmConfig arm) => arm.Label == arm.Name ? arm.Name : $"{arm.Name}: {arm.Label}";
}
