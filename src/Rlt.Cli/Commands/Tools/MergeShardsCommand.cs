using System.CommandLine;
using System.Text.Json.Nodes;
using Rlt.Configuration;
using Rlt.Configuration.Resuming;
using Rlt.Data;
using Rlt.Evaluation;
using Rlt.Evaluation.Questions;
using Rlt.Runs;
using Rlt.Teaching.Collection;

namespace Rlt.Cli.Commands.Tools;

/// <summary><c>rlt merge-shards</c>: one run of those of its shards.</summary>
internal static class MergeShardsCommand
{
    public static Command Create()
    {
        var command = new Command("merge-shards", "Puts the shards of an evaluation or a collection together: OUT, as the run without --shard writes it.");
        var output = new Argument<string>("OUT") { Description = "the --out that the runs with --shard had" };
        command.Arguments.Add(output);
        command.SetAction(parsed =>
        {
            Merge(parsed.GetValue(output)!);
            return 0;
        });
        return command;
    }

    /// <summary>Merges the shards beside a run's folder into it.</summary>
    /// <exception cref="ConfigException">A shard is missing, not done, or made with other settings or inputs.</exception>
    public static void Merge(string output)
    {
        string[] folders = [.. Shard.Of(output).Select(shard => shard.Folder(output))];
        foreach (string folder in folders.Where(folder => !RunRecord.HasEnded(folder)))
        {
            throw new ConfigException($"{folder} is not done; give the command with its --shard once more, and then merge.");
        }

        if (File.Exists(Path.Combine(folders[0], TraceCollector.FileName)))
        {
            CollectConfig config = Same<CollectConfig>(folders) with { Out = output };
            using RunFolder merged = ConfiguredRun.Open(output, config).Begin();
            JsonLines.Write(Path.Combine(output, TraceCollector.FileName), Rows(folders, TraceCollector.FileName));
            Done(merged, TraceCollector.FileName, folders);
        }
        else
        {
            EvalConfig config = Same<EvalConfig>(folders) with { Out = output };
            using RunFolder merged = ConfiguredRun.Open(output, config).Begin();
            JsonObject summary = Evaluator.Finish(
                merged, config, EvalSampling.Of(config, BenchmarkDefinition.Load(config.Benchmark)), [.. Rows(folders, Evaluator.FileName)]);
            Done(merged, Evaluator.SummaryName, folders);
            Console.Error.WriteLine(EvalSummary.Table(summary));
            Console.WriteLine(summary.ToJsonString());
        }
    }

    private static IEnumerable<JsonObject> Rows(string[] folders, string name) => folders.SelectMany(folder => RunRows.Read(Path.Combine(folder, name)));

    private static T Same<T>(string[] folders)
        where T : class
    {
        T[] configs = [.. folders.Select(folder => ConfigLoader.Load<T>(Path.Combine(folder, RunFolder.ConfigFile), []))];
        string[] inputs = [.. folders.Select(folder => $"{RunRecord.Read(folder)[^1]["inputs"]?.ToJsonString()}")];
        for (int i = 1; i < folders.Length; i++)
        {
            ConfigChange[] changes = [.. ConfigChange.Between(configs[0], configs[i]).Where(change => !change.MayChange)];
            if (changes.Length > 0 || inputs[i] != inputs[0])
            {
                string what = changes.Length > 0
                    ? string.Join("; ", changes.Select(ResumeCheck.Text))
                    : "what they read has changed in between (inputs in run.json)";
                throw new ConfigException($"{folders[i]} is no shard of the run of {folders[0]}: {what}. Run them with the same settings and files.");
            }
        }

        return configs[0];
    }

    private static void Done(RunFolder merged, string file, string[] folders)
    {
        RunRecord.End(merged.Path);
        Console.Error.WriteLine($"merged {folders.Length} shards into {Path.Combine(merged.Path, file)}; their folders {folders[0]} … can be deleted");
    }
}
