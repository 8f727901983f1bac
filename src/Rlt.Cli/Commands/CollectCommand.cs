using System.CommandLine;
using Rlt.Configuration;
using Rlt.Data;
using Rlt.Models;
using Rlt.Runs;
using Rlt.Teaching;

namespace Rlt.Cli.Commands;

/// <summary><c>rlt collect</c>: a teacher's explanations of a question set.</summary>
internal static class CollectCommand
{
    public static Command Create()
    {
        var command = new Command("collect", "Writes a teacher's explanations of a question set: OUT/traces.jsonl, to distill students on.");
        var options = new RunOptions(command,
            ("--model", "model", "the teacher's model directory"),
            ("--student", "student", "a frozen student that scores the traces"),
            ("--data", "data", "a JSONL, JSON or CSV file of questions and solutions"),
            ("--out", "out", "the run's directory"));
        command.SetAction((parsed, stop) =>
        {
            Run(options.Load<CollectConfig>(parsed), stop);
            return Task.FromResult(0);
        });
        return command;
    }

    private static void Run(CollectConfig config, CancellationToken stop)
    {
        Startup.Prepare(config.Device);
        PromptFormat tags = FormatFile.Load(config.Format);
        UsableRows<TeachingTask> tasks = TeachingRows.Read(config.Source, tags, needsExplanation: false);
        using LanguageModel teacher = LanguageModel.Load(config.Model, config.Device);
        using LanguageModel? student = config.Student is { } directory ? LanguageModel.Load(directory, config.Device) : null;
        var teacherChat = new ChatRenderer(teacher.RequireTemplate());
        var format = new TeachingFormat(tags, teacherChat, student is null ? teacherChat : new ChatRenderer(student.RequireTemplate()));
        if (student is not null)
        {
            TaskLengths.Require(tasks.Rows, format, teacher, student, config.MaxNewTokens);
        }

        RunFolder folder = RunFolder.Open(config.Out, ConfigWriter.ToYaml(config));
        using var observer = new RunObserver("collect", folder, "traces", "dropped", "explanation_tokens", "truncated", "empty", "reward");
        string path = Path.Combine(folder.Path, "traces.jsonl");
        observer.WarnedOf(tasks);
        observer.Started(0, tasks.Rows.Count);
        new TraceCollector(config, teacher, student, tasks.Rows, format).Run(path, (_, metrics) => observer.Stepped(metrics), stop);
        observer.Finished(path);
    }
}
