using System.CommandLine;
using Rlt.Data;
using Rlt.Evaluation;
using Rlt.Evaluation.Protocols;
using Rlt.Evaluation.Questions;
using Rlt.Models;
using Rlt.Runs;
using Rlt.Teaching;
using Rlt.Training;
using Rlt.Training.Solver;

namespace Rlt.Cli.Commands.Training;

/// <summary><c>rlt train-solver</c>: GRPO on right answers.</summary>
internal static class TrainSolverCommand
{
    public static Command Create()
    {
        var command = new Command("train-solver", "Trains a model by GRPO to answer questions; the reward is a right final answer.");
        var options = new RunOptions(command,
            ("--model", "model", "the model directory to start from: a distilled student, or any other"),
            ("--data", "data", "a Parquet, JSONL, JSON or CSV file, a data set's folder or its Hub id: questions with an answer, or a solution that boxes it"),
            ("--out", "out", "the run's directory"));
        command.Runs<SolverConfig>(options, Run);
        return command;
    }

    private static void Run(SolverConfig config, CancellationToken stop)
    {
        Startup.Prepare(config.Device);
        PromptFormat? format = config.Format is null ? null : PromptFormat.Load(config.Format);
        BenchmarkDefinition benchmark = BenchmarkDefinition.Load(config.Benchmark);
        if (benchmark.Hidden)
        {
            throw new ConfigException($"benchmark: {config.Benchmark} must not be published, and samples.jsonl would show it. Train on other questions.");
        }

        UsableRows<EvalQuestion> read = Evaluator.Read(config.Source, benchmark);
        UsableRows<EvalQuestion> heldOut = config.HeldOut is { } held ? Evaluator.Read(held, benchmark) : new([], 0, null);
        var text = ModelText.Load(config.Model);
        IReadOnlyList<EvalQuestion> questions = Asked(read), heldOutQuestions = Asked(heldOut);
        int longest = AskedQuestions.RequireRoom([.. questions, .. heldOutQuestions], text, config.TemplateArgs);
        (config, string plan) = PlannedRun.Settle(config, one => Workloads.Of(one, text.Config, longest));
        using RunFolder folder = ConfiguredRun.Open(config.Out, config);
        using LanguageModel policy = LanguageModel.LoadToTrain(text, config.Device, config.Lora, config.Seed);
        using Decoder? reference = FrozenModels.Reference(config, policy);
        folder.Begin();
        using var observer = new RunObserver("train-solver", folder, "reward", "validation_correct", "correct", "completion_tokens", "no_answer", "truncated");
        observer.WarnedOf(read);
        observer.WarnedOf(heldOut);
        observer.WarnedOf(HeldOutRows.Warnings(config, [.. questions.Select(one => one.Task)], [.. heldOutQuestions.Select(one => one.Task)]));
        observer.WarnedOf(text.UnreadArgs(config.TemplateArgs));
        observer.Said(plan);
        TurnEnds.Learn(policy, text.TurnEndId, observer);
        new SolverTrainer(config, policy, reference, questions, benchmark.Answer, format, folder, observer) { HeldOut = heldOutQuestions }.Run(stop);
        RunEnd.Tell(folder, config.Checkpoints, observer);
        observer.Finished(folder.Model);

        IReadOnlyList<EvalQuestion> Asked(UsableRows<EvalQuestion> rows) =>
            AskedQuestions.WithSystem(rows.Rows, Protocol.Strict, config.System, config.Model, format);
    }
}
