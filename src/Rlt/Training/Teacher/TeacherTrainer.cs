using Rlt.Generation;
using Rlt.Models;
using Rlt.Runs;
using Rlt.Teaching;
using Rlt.Training.Grpo;

namespace Rlt.Training.Teacher;

/// <summary>Trains a teacher by GRPO: sample explanations, score them by the student, push up the better ones of each group.</summary>
/// <remarks>
/// Source: RLT (arXiv 2506.08388), section 3, with the released loss and advantages. The teacher of the reward's KL is the policy of the step.
/// The student is frozen, or follows the teacher (<see cref="StudentRefresh"/>).
/// </remarks>
public sealed class TeacherTrainer(
    TeacherConfig config, LanguageModel policy, LanguageModel student, Decoder? reference,
    IReadOnlyList<TeachingTask> tasks, TeachingFormat format, RunFolder folder, IRunObserver observer)
{
    /// <summary>Held-out tasks to measure the reward on, where the config says how often.</summary>
    public IReadOnlyList<TeachingTask> HeldOut { get; init; } = [];

    /// <summary>Trains, going on from the newest checkpoint; a finished run is left as it is; and writes the finished teacher.</summary>
    public void Run(CancellationToken stop)
    {
        var explainer = new Explainer(policy, format, new SamplingOptions
        {
            Temperature = config.Temperature, MaxNewTokens = config.MaxNewTokens, MaxRows = config.SamplingRows,
        });
        Run((chosen, streams, progress) => explainer.Explain(chosen, streams, progress: progress), stop);
    }

    /// <summary>The same with explanations from elsewhere.</summary>
    internal void Run(Explain explain, CancellationToken stop)
    {
        using LiveStudent? live = config.StudentRefresh is null ? null : new LiveStudent(config, student, tasks, format, explain);
        new GrpoTrainer<TeachingRollout>(config, policy, reference, Task(tasks, explain, live), folder, observer)
        {
            HeldOut = config.Validate is null ? null : Task(HeldOut, explain),
            Student = live?.Learner,
        }.Run(stop);
    }

    private TeachingGrpo Task(IReadOnlyList<TeachingTask> of, Explain explain, LiveStudent? live = null) =>
        new(config, policy, student, of, format, explain) { Live = live };
}
