using System.CommandLine;
using Rlt.Data;
using Rlt.Hub;
using Rlt.Models;
using Rlt.Runs;
using Rlt.Teaching;
using Rlt.Training;
using Rlt.Training.Teacher;

namespace Rlt.Cli.Commands.Training;

/// <summary><c>rlt train-teacher</c>: GRPO on the RLT reward.</summary>
internal static class TrainTeacherCommand
{
    public static Command Create()
    {
        var command = new Command("train-teacher", "Trains a teacher by GRPO on the RLT reward.");
        var options = new RunOptions(command,
            ("--model", "model", "the warmed-up teacher's model directory"),
            ("--student", "student", "the frozen student's model directory"),
            ("--data", "data", "a Parquet, JSONL, JSON or CSV file, a data set's folder or its Hub id: questions and solutions"),
            ("--out", "out", "the run's directory"));
        command.Runs<TeacherConfig>(options, Run);
        return command;
    }

    private static void Run(TeacherConfig config, CancellationToken stop)
    {
        Startup.Prepare(config.Device);
        PromptFormat tags = PromptFormat.Load(config.Format);
        UsableRows<TeachingTask> tasks = TeachingRows.Read(config.Source, tags, needsExplanation: false);
        UsableRows<TeachingTask> heldOut = config.HeldOut is { } held ? TeachingRows.Read(held, tags, needsExplanation: false) : new([], 0, null);
        ModelText teacherText = ModelText.Load(config.Model), studentText = ModelText.Load(config.Student);
        var format = TeachingFormat.ForTwo(tags, teacherText, studentText, config.TemplateArgs);
        int longest = TaskLengths.Require([.. tasks.Rows, .. heldOut.Rows], format, teacherText, studentText, config.MaxNewTokens);
        (config, string plan) = PlannedRun.Settle(config, one => Workloads.Of(one, teacherText.Config, studentText.Config, longest));
        using RunFolder folder = ConfiguredRun.Open(config.Out, config);
        using LanguageModel policy = LanguageModel.LoadToTrain(teacherText, config.Device, config.Lora, config.Seed);
        policy.FilesBeside[TeacherRecord.FileName] = Record(config, tags).ToJson();
        using LanguageModel student = FrozenModels.Student(config, policy, studentText);
        using Decoder? reference = FrozenModels.Reference(config, policy);
        folder.Begin();
        using var observer = new RunObserver(
            "train-teacher", folder, "reward", "validation_reward", "solution_score", "think_kl", "completion_tokens", "empty", "truncated");
        observer.WarnedOf(tasks);
        observer.WarnedOf(heldOut);
        observer.WarnedOf(HeldOutRows.Warnings(config, tasks.Rows, heldOut.Rows));
        observer.WarnedOf(teacherText.UnreadArgs(config.TemplateArgs));
        observer.Said(plan);
        TurnEnds.Learn(policy, teacherText.TurnEndId, observer);
        if (PaperDepartures.Of(config) is { Count: > 0 } departures)
        {
            observer.Said($"departs from the paper's run in: {string.Join("; ", departures)}");
        }

        new TeacherTrainer(config, policy, student, reference, tasks.Rows, format, folder, observer) { HeldOut = heldOut.Rows }.Run(stop);
        RunEnd.Tell(folder, config.Checkpoints, observer);
        observer.Finished(folder.Model);
    }

    private static TeacherRecord Record(TeacherConfig config, PromptFormat tags) => new()
    {
        Format = config.Format, Tags = tags, Reward = config.Reward,
        Student = HubPath.Shown(Path.GetFullPath(config.Student)), StudentSha256 = Fingerprint.OfModel(config.Student),
    };
}
