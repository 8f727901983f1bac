using System.CommandLine;
using Rlt.Configuration;
using Rlt.Configuration.Pipelines;
using Rlt.Evaluation;
using Rlt.Evaluation.Questions;
using Rlt.Studies.Settings;
using Rlt.Teaching;
using Rlt.Teaching.Collection;
using Rlt.Teaching.Rewards;
using Rlt.Training.OnPolicy;
using Rlt.Training.Sft;
using Rlt.Training.Solver;
using Rlt.Training.Teacher;

namespace Rlt.Cli.Commands;

/// <summary>The config of a command, or of a file that configs name.</summary>
/// <param name="Name">The command, or "format" or "benchmark".</param>
/// <param name="Record">The record of its keys.</param>
/// <param name="Use">How a config of it is used.</param>
/// <param name="MostUsed">The keys that its help names.</param>
internal sealed record CommandSettings(string Name, Type Record, string Use, params IReadOnlyList<string> MostUsed)
{
    private static readonly string[] Training = ["optimizer.learning_rate", "optimizer.schedule", "optimizer.warmup_ratio", "save_every", "lora.rank"];
    private static readonly string[] Sft = ["steps", "epochs", "batch_size", "cutoff", "format", "target", .. Training];
    private static readonly string[] Grpo = ["steps", "questions_per_step", "group_size", "temperature", "max_new_tokens", "loss.beta", "format"];

    /// <summary>Those of every command that reads a config.</summary>
    public static IReadOnlyList<CommandSettings> All { get; } =
    [
        new("warmup", typeof(SftConfig), "rlt warmup --config FILE", Sft),
        new("distill", typeof(DistillConfig), "rlt distill --config FILE",
            ["method", .. Sft, "opd.teacher.model", "opd.teacher.sees", "opd.loss.beta", "opd.lmbda", "opd.max_new_tokens"]),
        new("train-teacher", typeof(TeacherConfig), "rlt train-teacher --config FILE",
            [.. Grpo, "reward.solution_score.mean", "reward.think_kl.mean", "reward.think_estimate", .. Training]),
        new("train-solver", typeof(SolverConfig), "rlt train-solver --config FILE", [.. Grpo, "benchmark", "reward.correct", "reward.format", .. Training]),
        new("collect", typeof(CollectConfig), "rlt collect --config FILE", "format", "samples", "keep", "temperature", "top_p", "max_new_tokens", "sampling_rows"),
        new("eval", typeof(EvalConfig), "rlt eval --config FILE", "format", "protocol", "sampling_rows", "server.api", "server.concurrency", "fields.question"),
        new("score", typeof(RewardOptions), "rlt score --config FILE", "solution_score.mean", "solution_score.min", "think_kl.mean", "think_kl.max", "think_estimate"),
        new("study", typeof(StudyConfig), "rlt study --config FILE", "title", "runs", "seeds", "sections"),
        new("run", typeof(PipelineConfig), "rlt run FILE"),
        new("format", typeof(PromptFormat), "format: FILE in a config"),
        new("benchmark", typeof(BenchmarkDefinition), "rlt eval --benchmark FILE"),
    ];

    /// <summary>The settings of a command; null for one that reads no config.</summary>
    public static CommandSettings? Of(string command) => All.FirstOrDefault(settings => settings.Name == command);

    /// <summary>Whether several ranks run a command together.</summary>
    public static bool IsOfSeveralRanks(string command) => command is "warmup" or "distill" or "train-teacher" or "train-solver" or "collect" or "eval" or "bench";

    /// <summary>Has the help of a command, and what it says of those below it, name the most used keys, and the words that they may be.</summary>
    public static void AddHelp(Command asked)
    {
        foreach (Command command in asked.Subcommands.Prepend(asked))
        {
            if (Of(command.Name) is not { MostUsed.Count: > 0 } settings)
            {
                continue;
            }

            command.Description += $"\n\nMost used settings (in --config FILE{(command.Name is "score" or "study" ? "" : ", or --set KEY=VALUE")}): "
                + $"{string.Join(", ", settings.MostUsed.Select(settings.Shown))}. All of them, with defaults and meaning: rlt config {command.Name}";
        }
    }

    private string Shown(string path) => ConfigSchema.ValuesOf(Record, path) is { Count: > 0 } values ? $"{path} ({string.Join(", ", values)})" : path;
}
