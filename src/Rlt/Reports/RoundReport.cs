using System.Globalization;
using System.Text;
using Rlt.Statistics;

namespace Rlt.Reports;

/// <summary>What the rounds of a pipeline have come to: teachers and evaluations by round, and whether the evaluated models get better.</summary>
public static class RoundReport
{
    /// <summary>The report as Markdown.</summary>
    /// <param name="runs">The run folders of all rounds' stages, in their order; what is neither a teacher's run nor an evaluation is passed over.</param>
    /// <param name="evaluations">The evaluations of each stage that evaluates, by the stage's name: one folder a round.</param>
    /// <exception cref="DataException">A run's figures are damaged, or evaluations are not of the same questions.</exception>
    public static string Markdown(IReadOnlyList<string> runs, IReadOnlyDictionary<string, string[]> evaluations)
    {
        var text = new StringBuilder(new FinishedRuns(runs).Markdown());
        foreach ((string name, string[] folders) in evaluations.Where(stage => stage.Value.Length > 1))
        {
            EvalComparison[] steps = [.. folders.Zip(folders.Skip(1), Compare)];
            double[] corrected = PairedTest.Holm([.. steps.Select(step => step.PValue)]);
            text.Append(CultureInfo.InvariantCulture, $"\n| {name} | over the round before, points (95% interval) | p | verdict |\n|---|---|---|---|\n");
            foreach ((int i, EvalComparison step) in steps.Index())
            {
                text.Append(CultureInfo.InvariantCulture, $"| round {i + 2} | {EvalComparison.Points(step.Second - step.First)} "
                    + $"({EvalComparison.Points(step.Difference.Low)} to {EvalComparison.Points(step.Difference.High)}) | {corrected[i]:0.000} | {Verdict(step, corrected[i])} |\n");
            }

            text.Append(CultureInfo.InvariantCulture, $"\n{name}: {Course(folders, steps, corrected)}\n");
        }

        return text.ToString();
    }

    // Climbs: the last round is better than the one before. Collapses: it is worse than the best. Saturates: an earlier round was better, none since.
    private static string Course(string[] folders, EvalComparison[] steps, double[] corrected)
    {
        double[] accuracies = [steps[0].First, .. steps.Select(step => step.Second)];
        int best = Array.IndexOf(accuracies, accuracies.Max()), last = folders.Length - 1;
        int gained = Array.FindLastIndex(corrected.Zip(steps, IsBetter).ToArray(), better => better);
        if (best < last && Compare(folders[best], folders[last]) is { PValue: < EvalComparison.Level } fall)
        {
            return $"collapses: round {last + 1} is {EvalComparison.Points(fall.Second - fall.First)} points from round {best + 1}, the best";
        }

        return gained == last - 1 ? $"climbs: round {last + 1} is better than round {last}"
            : gained >= 0 ? $"saturates: round {gained + 2} was better than the one before, none since is told apart from its own"
            : "does not move: no round is told apart from the one before";

        static bool IsBetter(double p, EvalComparison step) => p < EvalComparison.Level && step.Second > step.First;
    }

    private static string Verdict(EvalComparison step, double corrected) =>
        corrected >= EvalComparison.Level ? "no difference beyond the noise" : step.Second > step.First ? "better" : "worse";

    private static EvalComparison Compare(string before, string after) => EvalRuns.Compare(before, after).Comparisons.Single();
}
