using Rlt.Statistics;
using Rlt.Studies.Settings;
using Rlt.Studies.Sources;

namespace Rlt.Studies;

/// <summary>An arm with the seeds whose runs are there.</summary>
/// <param name="Config">What the study says of it.</param>
/// <param name="Runs">One for each seed, at least one.</param>
public sealed record StudyArm(ArmConfig Config, IReadOnlyList<ArmRun> Runs)
{
    /// <summary>Accuracy, the mean over seeds of avg@k.</summary>
    public double Accuracy { get; } = Runs.Average(run => run.Eval.Accuracy);

    /// <summary>Its 95% interval.</summary>
    public Interval Interval { get; } = QuestionInterval.OfSeedsMean([.. Runs.Select(run => run.Eval.Scores)]);

    /// <summary>Evaluations apart: 1 where one run serves for all seeds.</summary>
    public int Evaluations => Runs.DistinctBy(run => run.Eval.Folder).Count();

    /// <summary>The share of samples without an answer, the mean over seeds.</summary>
    public double NoAnswer => Runs.Average(run => run.Eval.NoAnswer);

    /// <summary>The mean length of an answer, the mean over seeds.</summary>
    public double AnswerTokens => Runs.Average(run => run.Eval.MeanTokens);

    /// <summary>A field of the traces, the mean over the seeds whose traces have it; null where none has.</summary>
    public double? TraceMean(string field) => Mean(Runs.Select(run => run.Traces?.Means), field);

    /// <summary>A metric of the teacher's last steps, the mean over the seeds that have it; null where none has.</summary>
    public double? TeacherMean(string metric) => Mean(Runs.Select(run => run.Teacher?.Means), metric);

    private static double? Mean(IEnumerable<IReadOnlyDictionary<string, double>?> seeds, string key)
    {
        double[] means = [.. seeds.OfType<IReadOnlyDictionary<string, double>>().Where(seed => seed.ContainsKey(key)).Select(seed => seed[key])];
        return means.Length == 0 ? null : means.Average();
    }
}
