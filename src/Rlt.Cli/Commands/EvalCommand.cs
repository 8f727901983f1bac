using System.CommandLine;
using System.Text.Json.Nodes;
using Rlt.Configuration;
using Rlt.Data;
using Rlt.Evaluation;
using Rlt.Models;
using Rlt.Runs;
using Rlt.Teaching;

namespace Rlt.Cli.Commands;

/// <summary><c>rlt eval</c>: accuracy on questions with a boxed answer.</summary>
internal static class EvalCommand
{
    public static Command Create()
    {
        var command = new Command("eval", "Accuracy on questions with a \\boxed{} answer: OUT/results.jsonl and OUT/summary.json.");
        var options = new RunOptions(command,
            ("--model", "model", "the model directory"),
            ("--data", "data", "a JSONL, JSON or CSV file of questions and answers"),
            ("--out", "out", "the run's directory"));
        command.SetAction((parsed, stop) =>
        {
            Run(options.Load<EvalConfig>(parsed), stop);
            return Task.FromResult(0);
        });
        return command;
    }

    private static void Run(EvalConfig config, CancellationToken stop)
    {
        Startup.Prepare(config.Device);
        PromptFormat tags = FormatFile.Load(config.Format);
        UsableRows<EvalQuestion> questions = Evaluator.Read(config.Source);
        var text = ModelText.Load(config.Model);
        var format = TeachingFormat.ForOne(tags, text);
        TaskLengths.RequirePrompts([.. questions.Rows.Select(question => question.Task)], format.StudentPrompt, text);
        using LanguageModel model = LanguageModel.Load(text, config.Device);
        RunFolder folder = RunFolder.Open(config.Out, ConfigWriter.ToYaml(config));
        using var observer = new RunObserver("eval", folder, "accuracy");
        observer.WarnedOf(questions);
        observer.Started(0, questions.Rows.Count);
        JsonObject summary = new Evaluator(config, model, questions.Rows, format).Run(folder, (_, metrics) => observer.Stepped(metrics), stop);
        observer.Finished(Path.Combine(folder.Path, "summary.json"));
        Console.WriteLine(summary.ToJsonString());
    }
}
