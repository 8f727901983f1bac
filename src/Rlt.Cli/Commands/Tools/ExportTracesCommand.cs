using System.CommandLine;
using System.Text.Json.Nodes;
using Rlt.Configuration;
using Rlt.Data;
using Rlt.Files;
using Rlt.Runs;
using Rlt.Teaching;
using Rlt.Teaching.Collection;

namespace Rlt.Cli.Commands.Tools;

/// <summary><c>rlt export-traces</c>: traces as other trainers read them.</summary>
internal static class ExportTracesCommand
{
    public static Command Create()
    {
        var command = new Command(
            "export-traces", "Writes traces as other trainers read them: OUT/train.jsonl, with a data card (README.md) that says how they were made.");
        Option<string> input = SharedOptions.Required("--input", "a run of rlt collect, or a file of traces");
        Option<string> output = SharedOptions.Required("--out", "the directory to write");
        var layout = new Option<string>("--layout")
        {
            Description = "trl (prompt and completion), messages, sharegpt or alpaca (LLaMA-Factory), or stratos (system and conversations)",
            DefaultValueFactory = _ => "messages",
        };
        layout.AcceptOnlyFromAmong([.. Enum.GetNames<TraceLayout>().Select(name => name.ToLowerInvariant())]);
        Option<string?> format = SharedOptions.Optional("--format", "the tags: stratos, r1, small, or a file; not given: those of the run");
        var parquet = new Option<bool>("--parquet") { Description = "writes OUT/train.parquet instead" };
        command.Takes(input, output, layout, format, parquet);
        command.SetAction(parsed => Run(
            parsed.GetValue(input)!, parsed.GetValue(output)!, Enum.Parse<TraceLayout>(parsed.GetValue(layout)!, ignoreCase: true), parsed.GetValue(format),
            parsed.GetValue(parquet)));
        return command;
    }

    private static void Run(string input, string output, TraceLayout layout, string? format, bool parquet)
    {
        string file = Directory.Exists(input) ? Path.Combine(input, TraceCollector.FileName) : input;
        string run = Path.GetDirectoryName(Path.GetFullPath(file))!;
        CollectConfig? collected = Path.GetFileName(file) == TraceCollector.FileName && File.Exists(Path.Combine(run, RunFolder.ConfigFile))
            ? ConfigLoader.Load<CollectConfig>(Path.Combine(run, RunFolder.ConfigFile), []) : null;
        string name = format ?? collected?.Format
            ?? throw new ConfigException($"--format: missing, and {input} is no run of rlt collect that tells it; "
                + "expected stratos, r1, small, or a format file");
        var tags = PromptFormat.Load(name);
        if (Directory.Exists(output) && Directory.EnumerateFileSystemEntries(output).Any())
        {
            throw new ConfigException($"{output} is not empty. Choose another --out: nothing in it is overwritten.");
        }

        UsableRows<TeachingTask> tasks = TeachingRows.Read(new DataSource(file), tags, needsExplanation: true);
        Startup.Warn(tasks.Warning is { } warning ? [warning] : []);
        string data = parquet ? "train.parquet" : "train.jsonl";
        AtomicDirectory.Write(output, directory =>
        {
            Action<string, IEnumerable<JsonObject>> write = parquet ? ParquetRows.Write : JsonLines.Write;
            write(Path.Combine(directory, data), tasks.Rows.Select(task => TraceLayouts.Row(layout, task, tags)));
            AtomicFile.WriteText(
                Path.Combine(directory, DataCard.FileName), DataCard.Text(layout, tasks.Rows.Count, data, name, collected is null ? null : run, collected));
            if (TraceLayouts.FactoryInfo(layout, data) is { } info)
            {
                AtomicFile.WriteText(Path.Combine(directory, "dataset_info.json"), JsonLines.Line(info) + "\n");
            }
        });
        Console.Error.WriteLine($"export-traces: {tasks.Rows.Count} rows; {Path.Combine(output, data)}");
    }
}
