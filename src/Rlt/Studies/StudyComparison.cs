using Rlt.Statistics;
using Rlt.Studies.Settings;
using Rlt.Studies.Sources;

namespace Rlt.Studies;

/// <summary>Two arms, seed by seed and question by question.</summary>
/// <param name="Config">What the study says of it.</param>
/// <param name="Arm">The arm expected to be better.</param>
/// <param name="Over">The other.</param>
/// <param name="Seeds">The seeds that both have.</param>
/// <param name="BySeed">Each seed's difference in accuracy, <paramref name="Arm"/> minus <paramref name="Over"/>.</param>
/// <param name="Interval">The paired 95% interval of their mean.</param>
/// <param name="UnlikeSettings">How the two were not evaluated alike, in words; mostly empty.</param>
public sealed record StudyComparison(
    ComparisonConfig Config, StudyArm Arm, StudyArm Over, IReadOnlyList<int> Seeds,
    IReadOnlyList<double> BySeed, Interval Interval, IReadOnlyList<string> UnlikeSettings)
{
    /// <summary>The mean difference in accuracy.</summary>
    public double Difference { get; } = BySeed.Average();

    /// <summary>Seeds apart: where one run serves for all in both arms, 1.</summary>
    public int Replicates { get; } = Seeds.DistinctBy(seed => (Run(Arm, seed).Eval.Folder, Run(Over, seed).Eval.Folder)).Count();

    /// <summary>Whether the first arm is better.</summary>
    public ClaimVerdict Verdict => ClaimVerdicts.Of(Interval);

    /// <summary>Compares two arms.</summary>
    /// <returns>Null where they have no seed in common.</returns>
    /// <exception cref="DataException">With some seed they were not asked the same questions.</exception>
    public static StudyComparison? Of(ComparisonConfig config, StudyArm arm, StudyArm over)
    {
        int[] seeds = [.. arm.Runs.Select(run => run.Seed).Intersect(over.Runs.Select(run => run.Seed))];
        if (seeds.Length == 0)
        {
            return null;
        }

        EvalScores[] first = [.. seeds.Select(seed => Run(over, seed).Eval)], second = [.. seeds.Select(seed => Run(arm, seed).Eval)];
        foreach ((EvalScores one, EvalScores other) in first.Zip(second))
        {
            SameQuestions.Require(one, other);
        }

        return new StudyComparison(
            config, arm, over, seeds,
            [.. first.Zip(second, (one, other) => other.Accuracy - one.Accuracy)],
            QuestionInterval.OfSeedsDifference([.. first.Select(eval => eval.Scores)], [.. second.Select(eval => eval.Scores)]),
            [.. first.Zip(second, Unlike).SelectMany(words => words).Distinct()]);
    }

    private static IEnumerable<string> Unlike(EvalScores over, EvalScores arm) =>
        arm.Settings.Zip(over.Settings).Where(pair => pair.First != pair.Second)
            .Select(pair => $"{pair.First.Key} {pair.First.Value} against {pair.Second.Value}");

    private static ArmRun Run(StudyArm arm, int seed) => arm.Runs.First(run => run.Seed == seed);
}
