using Rlt.Evaluation.Statistics;
using Rlt.Studies.Settings;

namespace Rlt.Studies;

/// <summary>An arm with the seeds whose runs are there.</summary>
/// <param name="Config">What the study says of it.</param>
/// <param name="Runs">One for each seed, at least one.</param>
public sealed record StudyArm(ArmConfig Config, IReadOnlyList<ArmRun> Runs)
{
    /// <summary>Accuracy, the mean over seeds of avg@k.</summary>
    public double Accuracy { get; } = Runs.Average(run => run.Eval.Accuracy);

    /// <summary>Its 95% interval.</summary>
    public Interval Interval { get; } = SeedBootstrap.OfMean([.. Runs.Select(run => run.Eval.Scores)]);

    /// <summary>Evaluations apart: 1 where one run serves for all seeds.</summary>
    public int Evaluations => Runs.DistinctBy(run => run.Eval.Folder).Count();
}
