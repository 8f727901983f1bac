using Rlt.Evaluation;
using Rlt.Evaluation.Questions;
using Rlt.Models;
using Rlt.Runs;
using Rlt.Teaching;
using Rlt.Training.Grpo;

namespace Rlt.Training.Solver;

/// <summary>Trains a model by GRPO to answer questions.</summary>
/// <param name="config">The settings.</param>
/// <param name="policy">The model.</param>
/// <param name="reference">The frozen model of the KL penalty; null for none.</param>
/// <param name="questions">The questions, with their prompts and answers.</param>
/// <param name="kind">What the answers are.</param>
/// <param name="format">The form to reward, or to tell of; null for none.</param>
/// <param name="folder">The run's directory.</param>
/// <param name="observer">Is told of every step.</param>
public sealed class SolverTrainer(
    SolverConfig config, LanguageModel policy, Decoder? reference, IReadOnlyList<EvalQuestion> questions,
    AnswerKind kind, PromptFormat? format, RunFolder folder, IRunObserver observer)
{
    /// <summary>Held-out questions to measure the accuracy on, where the config says how often.</summary>
    public IReadOnlyList<EvalQuestion> HeldOut { get; init; } = [];

    /// <summary>Trains, going on from the newest checkpoint; a finished run is left as it is; and writes the finished model.</summary>
    public void Run(CancellationToken stop) =>
        new GrpoTrainer<SolvingRollout>(config, policy, reference, Task(questions), folder, observer)
        {
            HeldOut = config.Validate is null ? null : Task(HeldOut),
        }.Run(stop);

    private SolvingGrpo Task(IReadOnlyList<EvalQuestion> of) => new(config, policy, of, kind, format);
}
