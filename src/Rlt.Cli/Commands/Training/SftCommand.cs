using System.CommandLine;
using Rlt.Data;
using Rlt.Models;
using Rlt.Runs;
using Rlt.Teaching;
using Rlt.Training;
using Rlt.Training.Sft;

namespace Rlt.Cli.Commands.Training;

/// <summary>What <c>rlt warmup</c> and <c>rlt distill</c> share: supervised fine-tuning of one model on one file.</summary>
internal static class SftCommand
{
    /// <summary>The options of both.</summary>
    internal static readonly (string Option, string Key, string Description)[] Options =
    [
        ("--model", "model", "the model to start from: a directory or Hub id"),
        ("--data", "data", "a Parquet, JSONL, JSON or CSV file, a data set's folder or its Hub id"),
        ("--out", "out", "the run's directory"),
    ];

    /// <summary>The config's format; null where its target goes without.</summary>
    /// <exception cref="ConfigException">It is missing, or cannot be used.</exception>
    internal static PromptFormat? Tags(string name, SftConfig config) => config.Format is { } file
        ? PromptFormat.Load(file)
        : config.Target == SftTarget.Text
            ? null
            : throw new ConfigException($"format: missing; {name} needs a format (stratos, r1, small, "
                + "or a file like those in configs/formats/). Only 'target: text' goes without.");

    internal static void Run<T>(string name, T config, CancellationToken stop)
        where T : SftConfig
    {
        Startup.Prepare(config.Device);
        PromptFormat? tags = Tags(name, config);
        SftTarget target = config.Target!.Value;
        UsableRows<SftRow> rows = SftExample.Read(config.Source, target, tags);
        var text = ModelText.Load(config.Model);
        TeachingFormat? format = tags is null ? null : TeachingFormat.ForOne(tags, text);
        int cutoff = Math.Min(config.Cutoff, text.Config.MaxPositions);
        SftExamples encoded = SftExample.Encode(rows.Rows, target, format, text, cutoff);
        UsableRows<SftRow> heldOutRows = config.HeldOut is { } held ? SftExample.Read(held, target, tags) : new([], 0, null);
        SftExamples heldOut = config.HeldOut is null ? new([], [], null, [], 0, 0) : SftExample.Encode(heldOutRows.Rows, target, format, text, cutoff);
        float[]? weights = config.Weights == TraceWeighting.Reward ? TraceWeights.Of(encoded.Rows, config.WeightsTemperature) : null;
        int longest = encoded.Sequences.Concat(heldOut.Sequences).Max(example => example.Ids.Length);
        (config, string plan) = PlannedRun.Settle(config, one => Workloads.Of(one, text.Config, longest));
        using RunFolder folder = ConfiguredRun.Open(config.Out, config);
        using LanguageModel model = LanguageModel.LoadToTrain(text, config.Device, config.Lora, config.Seed);
        folder.Begin();
        using var observer = new RunObserver(name, folder, "loss", "validation_loss", "grad_norm", "learning_rate", "tokens_per_second");
        observer.WarnedOf(rows);
        observer.Said(plan);
        TurnEnds.Learn(model, encoded.TurnEnd, observer);
        observer.WarnedOf(encoded.Warnings);
        observer.WarnedOf(heldOutRows);
        observer.WarnedOf(heldOut.Warnings.Select(warning => $"{config.Validate?.Data}: {warning}"));
        observer.WarnedOf(HeldOutRows.Warnings(config, Tasks(rows), Tasks(heldOutRows)));
        new SftTrainer(config, model, encoded.Sequences, folder, observer) { HeldOut = heldOut.Sequences, Weights = weights }.Run(stop);
        var losses = new RowLosses(rows.Rows.Count + rows.LeftOut, rows.LeftOut, encoded.LeftOut, encoded.Cut, cutoff);
        RunEnd.Tell(folder, config.Checkpoints, observer, losses);
        observer.Finished(folder.Model);

        static TeachingTask[] Tasks(UsableRows<SftRow> of) => [.. of.Rows.Where(row => row.Task is not null).Select(row => row.Task!)];
    }
}

/// <summary><c>rlt warmup</c>: teaches a teacher the form of explanations.</summary>
internal static class WarmupCommand
{
    public static Command Create()
    {
        var command = new Command("warmup", "Teacher warm-up: supervised fine-tuning on explanations, given question and solution.");
        command.Runs<SftConfig>(new RunOptions(command, SftCommand.Options), (config, stop) =>
            SftCommand.Run("warmup", config with { Target = config.Target ?? SftTarget.Teacher }, stop));
        return command;
    }
}
