using System.CommandLine;
using Rlt.Data;
using Rlt.Models;
using Rlt.Runs;
using Rlt.Servers;
using Rlt.Teaching;
using Rlt.Teaching.Collection;
using Rlt.Teaching.Rewards;

namespace Rlt.Cli.Commands.Training;

/// <summary><c>rlt collect</c>: a teacher's explanations of a question set.</summary>
internal static class CollectCommand
{
    public static Command Create()
    {
        var command = new Command("collect", "Writes a teacher's explanations of a question set: OUT/traces.jsonl, to distill students on.");
        var options = new RunOptions(command,
            ("--model", "model", "the teacher's model directory"),
            ("--student", "student", "a frozen student that scores the traces"),
            ("--data", "data", "a Parquet, JSONL, JSON or CSV file, a data set's folder or its Hub id: questions and solutions"),
            ("--out", "out", "the run's directory"),
            ("--url", "server.url", "an OpenAI-compatible server that samples instead of the engine here: http://host:8000/v1"),
            ("--api-key-env", "server.key_variable", "the environment variable with the server's key, OPENAI_API_KEY by default"));
        command.RunsShards<CollectConfig>(options, Run);
        return command;
    }

    private static void Run(CollectConfig config, Shard shard, CancellationToken stop)
    {
        bool computes = config.Server.Url is null || config.Student is not null;
        if (computes)
        {
            Startup.Prepare(config.Device);
        }

        TeacherSettings settings = TeacherSettings.Of(config.Model, config.Student, config.Format, config.Reward);
        PromptFormat tags = settings.Format;
        config = config with { Format = settings.FormatName, Reward = settings.Reward };
        UsableRows<TeachingTask> tasks = TeachingRows.Read(config.Source, tags, needsExplanation: false);
        int asked = shard.Of(tasks.Rows.Count).Count;
        using RunFolder folder = ConfiguredRun.Open(config.Out, config);
        var teacherText = ModelText.Load(config.Model);
        ModelText? studentText = config.Student is { } directory ? ModelText.Load(directory) : null;
        TeachingFormat format = CheckedFormat(config, tags, tasks.Rows, teacherText, studentText);
        using LanguageModel? teacher = computes ? Startup.Load(teacherText, config.Device) : null;
        using LanguageModel? student = studentText is null ? null : Startup.Load(studentText, config.Device);
        folder.Begin();
        string[] shown = ["traces", "dropped", "explanation_tokens", "truncated", "empty", "reward", "reward_kept"];
        using var observer = new RunObserver("collect", folder, shown) { Unit = "question" };
        var traces = new BlockRows(folder, TraceCollector.FileName);
        observer.Said(settings);
        observer.WarnedOf(tasks);
        observer.WarnedOf(teacherText.UnreadArgs(config.TemplateArgs));
        observer.Started(traces.Done, asked);
        using var client = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        var completions = new CompletionClient(client, config.Server, config.Server.Key()) { Retrying = observer.Said };
        ExplanationSource explain = config.Server.Url is null
            ? TraceCollector.Engine(config, teacher!, format)
            : new ServerExplainer(config, teacherText, format, completions).Explain;
        ExplanationScorer? scorer = TraceCollector.Scorer(config, teacher, student, format);
        var collector = new TraceCollector(config, explain, scorer, tasks.Rows, format) { Shard = shard, During = observer.During };
        collector.Run(traces, (_, metrics) => observer.Stepped(metrics), stop);
        if (collector.MeanRewards(traces.Read(), RunRows.Read(folder.Metrics)) is { } rewards)
        {
            observer.Said(rewards);
        }

        observer.Finished(traces.Path);
    }

    private static TeachingFormat CheckedFormat(
        CollectConfig config, PromptFormat tags, IReadOnlyList<TeachingTask> tasks, ModelText teacher, ModelText? student)
    {
        if (student is null)
        {
            var alone = TeachingFormat.ForOne(tags, teacher, config.TemplateArgs);
            TaskLengths.RequirePrompts(tasks, alone.TeacherPrompt, teacher);
            return alone;
        }

        var format = TeachingFormat.ForTwo(tags, teacher, student, config.TemplateArgs);
        // What a server writes too long for the student is dropped; more is known where it is sampled here.
        TaskLengths.Require(tasks, format, teacher, student, config.Server.Url is null ? config.MaxNewTokens : 0);
        return format;
    }
}
