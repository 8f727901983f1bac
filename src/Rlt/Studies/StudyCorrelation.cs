using Rlt.Statistics;
using Rlt.Studies.Settings;
using Rlt.Studies.Sources;

namespace Rlt.Studies;

/// <summary>A quantity of the arms' traces against their accuracy, one point an arm and seed.</summary>
/// <param name="Config">What the study says of it.</param>
/// <param name="Arms">The arms that are points.</param>
/// <param name="Seeds">The seeds that all of them have.</param>
/// <param name="X">For each arm and seed, the quantity's mean over the traces.</param>
/// <param name="Y">For each arm and seed, the accuracy.</param>
/// <param name="R">Pearson's r over all points; null where all points have the same quantity or accuracy.</param>
/// <param name="Interval">Its 95% interval with these arms, over seeds and questions; null where r is.</param>
public sealed record StudyCorrelation(
    CorrelationConfig Config, IReadOnlyList<StudyArm> Arms, IReadOnlyList<int> Seeds,
    IReadOnlyList<double[]> X, IReadOnlyList<double[]> Y, double? R, Interval? Interval)
{
    /// <summary>Points below which r says nothing: two always lie on a line.</summary>
    public const int FewestArms = 3;

    /// <summary>Seeds apart: where one run serves for all in every arm, 1.</summary>
    public int Replicates => Arms.Max(arm => Seeds.DistinctBy(seed => Run(arm, seed).Eval.Folder).Count());

    /// <summary>The 95% interval of r if the arms vary too; null where r is, and for fewer than four arms.</summary>
    public Interval? ArmsInterval => R is { } r ? CorrelationInterval.OfArms(r, Arms.Count) : null;

    /// <summary>Whether accuracy grows with the quantity among these arms.</summary>
    public ClaimVerdict Verdict => ClaimVerdicts.Of(Interval);

    /// <summary>Correlates.</summary>
    /// <returns>Null where there are fewer than <see cref="FewestArms"/> arms, or they have no seed in common.</returns>
    /// <exception cref="DataException">An arm's traces lack the quantity, or the arms were not asked the same questions.</exception>
    public static StudyCorrelation? Of(CorrelationConfig config, IReadOnlyList<StudyArm> arms)
    {
        int[] seeds = arms.Count < FewestArms ? [] : [.. arms.Select(arm => arm.Runs.Select(run => run.Seed)).Aggregate((one, other) => one.Intersect(other))];
        if (seeds.Length == 0)
        {
            return null;
        }

        foreach ((StudyArm arm, int seed) in arms.Skip(1).SelectMany(arm => seeds.Select(seed => (arm, seed))))
        {
            SameQuestions.Require(Run(arms[0], seed).Eval, Run(arm, seed).Eval);
        }

        double[][] x = [.. arms.Select(arm => seeds.Select(seed => Quantity(config.X, Run(arm, seed).Traces!)).ToArray())];
        double[][] y = [.. arms.Select(arm => seeds.Select(seed => Run(arm, seed).Eval.Accuracy).ToArray())];
        double? r = Correlation.Pearson([.. x.SelectMany(of => of)], [.. y.SelectMany(of => of)]);
        Interval? interval = r is null
            ? null
            : CorrelationInterval.WithTheseArms(x, [.. arms.Select(arm => seeds.Select(seed => Run(arm, seed).Eval.Scores).ToArray())]);
        return new StudyCorrelation(config, arms, seeds, x, y, r, interval);
    }

    private static double Quantity(string field, TraceFigures traces) => traces.Means.TryGetValue(field, out double mean)
        ? mean
        : throw new DataException($"{traces.Path}: no row has '{field}', which the study correlates with accuracy; "
            + "expected rows of score, or of collect with a student. Score the traces first (rlt score).");

    private static ArmRun Run(StudyArm arm, int seed) => arm.Runs.First(run => run.Seed == seed);
}
