using System.Text;
using Rlt.Studies;
using Rlt.Studies.Sources;

namespace Rlt.Reports.Studies;

/// <summary>A section's tables, a row an arm; columns that no arm has are left out.</summary>
internal static class ArmTables
{
    /// <summary>Accuracy of the students; below it, where there are any, the traces they learned from and the teachers who wrote them.</summary>
    /// <param name="section">The section.</param>
    /// <param name="seeds">The study's seeds.</param>
    public static string Markdown(StudySection section, IReadOnlyList<int> seeds)
    {
        var text = new StringBuilder(Accuracy(section.Arms, seeds));
        string[] traces = [.. TraceFigures.Shown.Where(field => section.Arms.Any(arm => arm.TraceMean(field) is not null))];
        if (section.Arms.Any(arm => arm.Runs.Any(run => run.Traces is not null)))
        {
            text.Append("\nThe explanations that they learned from, means over all traces and seeds:\n\n")
                .Append(Fields(section.Arms, arm => arm.TraceMean, traces, Counted));
        }

        string[] metrics = [.. TeacherFigures.Shown.Where(metric => section.Arms.Any(arm => arm.TeacherMean(metric) is not null))];
        if (metrics.Length > 0)
        {
            text.Append($"\nTheir teachers, means over the last {TeacherFigures.LastSteps} steps and seeds:\n\n")
                .Append(Fields(section.Arms, arm => arm.TeacherMean, metrics, null));
        }

        return text.ToString();
    }

    private static string Accuracy(IReadOnlyList<StudyArm> arms, IReadOnlyList<int> seeds)
    {
        int[] samples = [.. arms.SelectMany(arm => arm.Runs).Select(run => run.Eval.Scores.Max(question => question.Length)).Distinct()];
        int[] questions = [.. arms.SelectMany(arm => arm.Runs).Select(run => run.Eval.Ids.Count).Distinct()];
        string average = (samples.Length == 1 ? $"avg@{samples[0]}" : "avg@k") + (questions.Length == 1 ? $" on {questions[0]} questions" : "");
        string text = Figures.Head(["arm", "", $"accuracy ({average}, 95% interval)",
            seeds.Count == 1 ? $"seed {seeds[0]}" : $"seeds {string.Join(Figures.Between, seeds)}", "no answer", "answer tokens"]);
        return text + string.Concat(arms.Select(arm => Figures.Row(
            [Name(arm), Figures.Cell(arm.Config.Label), Figures.Percent(arm.Accuracy, arm.Interval), BySeed(arm, seeds),
                Figures.Percent(arm.NoAnswer), Figures.Field("completion_tokens", arm.AnswerTokens)])));
    }

    private static string BySeed(StudyArm arm, IReadOnlyList<int> seeds) => arm.Evaluations == 1 && arm.Runs.Count > 1
        ? $"{Figures.Percent(arm.Runs[0].Eval.Accuracy)} (one run for all)"
        : string.Join(Figures.Between, seeds.Select(seed =>
            arm.Runs.FirstOrDefault(run => run.Seed == seed) is { } run ? Figures.Percent(run.Eval.Accuracy) : "–"));

    private static string Fields(IReadOnlyList<StudyArm> arms, Func<StudyArm, Func<string, double?>> mean, string[] fields, Func<StudyArm, string>? counted)
    {
        string[] first = counted is null ? ["arm"] : ["arm", "traces"];
        string text = Figures.Head([.. first, .. fields.Select(Figures.Heading)]);
        return text + string.Concat(arms.Where(arm => counted is null ? fields.Any(field => mean(arm)(field) is not null) : arm.Config.Traces is not null)
            .Select(arm => Figures.Row(
            [Name(arm), .. counted is null ? Array.Empty<string>() : [counted(arm)], .. fields.Select(field =>
                mean(arm)(field) is { } value ? Figures.Field(field, value) : "–")])));
    }

    private static string Counted(StudyArm arm)
    {
        TraceFigures[] files = [.. arm.Runs.Select(run => run.Traces).OfType<TraceFigures>().DistinctBy(traces => traces.Path)];
        int dropped = files.Sum(file => file.Dropped);
        return string.Join(Figures.Between, files.Select(file => file.Traces)) + (dropped == 0 ? "" : $" ({dropped} rows without)");
    }

    private static string Name(StudyArm arm) => $"**{Figures.Cell(arm.Config.Name)}**";
}
