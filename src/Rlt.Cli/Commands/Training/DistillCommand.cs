using System.CommandLine;
using Rlt.Data;
using Rlt.Evaluation;
using Rlt.Evaluation.Protocols;
using Rlt.Models;
using Rlt.Runs;
using Rlt.Servers;
using Rlt.Teaching;
using Rlt.Training;
using Rlt.Training.OnPolicy;
using Rlt.Training.Sft;

namespace Rlt.Cli.Commands.Training;

/// <summary><c>rlt distill</c>: trains a student on traces, or on a teacher's distribution over its own answers.</summary>
internal static class DistillCommand
{
    public static Command Create()
    {
        var command = new Command("distill", "Student distillation: supervised fine-tuning on collected traces (method: sft), or on-policy distillation: "
            + "the student answers, and moves toward a teacher's distribution on its own tokens (method: opd).");
        var options = new RunOptions(command, [.. SftCommand.Options,
            ("--teacher", "opd.teacher.model", "of method opd, the teacher's model directory or Hub id"),
            ("--url", "opd.teacher.server.url", "of method opd, an OpenAI-compatible server that answers for the teacher: http://host:8000/v1")]);
        command.Runs<DistillConfig>(options, (config, stop) =>
        {
            if (config.Method == DistillMethod.Opd)
            {
                Run(config, stop);
            }
            else
            {
                SftCommand.Run("distill", config with { Target = config.Target ?? SftTarget.Student }, stop);
            }
        });
        return command;
    }

    private static void Run(DistillConfig config, CancellationToken stop)
    {
        Startup.Prepare(config.Device);
        OnPolicyConfig settings = config.OnPolicy;
        var tags = PromptFormat.Load(config.Format!);
        UsableRows<TeachingTask> tasks = OnPolicyTasks.Read(config.Source, tags, settings);
        UsableRows<EvalQuestion> heldOut = config.HeldOut is { } held ? Evaluator.Read(held) : new([], 0, null);
        ModelText text = ModelText.Load(config.Model), teacherText = settings.Teacher.Model is { } directory ? ModelText.Load(directory) : text;
        OnPolicyTasks.RequireSameTokens(text, teacherText, settings.Loss.TopK);
        var format = TeachingFormat.ForOne(tags, text, settings.TemplateArgs);
        var view = new TeacherView(settings.Teacher, tags, text, format, teacherText);
        IReadOnlyList<EvalQuestion> heldOutQuestions = AskedQuestions.WithSystem(heldOut.Rows, Protocol.Strict, null, config.Model, tags);
        int longest = Math.Max(
            TaskLengths.RequirePrompts(tasks.Rows, format.StudentPrompt, text), AskedQuestions.RequireRoom(heldOutQuestions, text, settings.TemplateArgs));
        _ = TaskLengths.RequirePrompts(tasks.Rows, view.Prompt, teacherText);
        using var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        ScoringServer access = settings.Teacher.Server;
        var completions = new CompletionClient(http, access, access.Key());
        TokenScoreClient? server = access.Url is null ? null : new TokenScoreClient(completions, access, settings.Loss.TopK);
        server?.Require(new TokenSequence(text.Tokenizer.Encode(view.Prompt(tasks.Rows[0]), addSpecialTokens: false).Ids, 1), text.Tokenizer);
        int given = settings.Lmbda < 1 ? Math.Min(config.Cutoff, text.Config.MaxPositions) : 0;
        (config, string plan) = PlannedRun.Settle(config, one => Workloads.Of(one, text.Config, teacherText.Config, longest, given));
        using RunFolder folder = ConfiguredRun.Open(config.Out, config);
        using LanguageModel student = LanguageModel.LoadToTrain(text, config.Device, config.Lora, config.Seed);
        using LanguageModel? teacher = server is null ? FrozenModels.Teacher(config, student, teacherText) : null;
        folder.Begin();
        using var observer = new RunObserver("distill", folder, "divergence", "validation_correct", "loss", "completion_tokens", "truncated", "grad_norm");
        completions.Retrying = observer.Said;
        observer.WarnedOf(tasks);
        observer.WarnedOf(heldOut);
        observer.WarnedOf(HeldOutRows.Warnings(config, tasks.Rows, [.. heldOutQuestions.Select(one => one.Task)]));
        observer.WarnedOf(text.UnreadArgs(settings.TemplateArgs));
        observer.Said(plan);
        TurnEnds.Learn(student, text.TurnEndId, observer);
        new OnPolicyTrainer(config, student, teacher?.Decoder, tasks.Rows, format, view, folder, observer)
        {
            HeldOut = heldOutQuestions,
            Server = server,
        }.Run(stop);
        RunEnd.Tell(folder, config.Checkpoints, observer);
        observer.Finished(folder.Model);
    }
}
