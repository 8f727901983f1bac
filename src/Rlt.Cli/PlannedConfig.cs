using System.CommandLine;
using System.Text.Json.Nodes;
using Rlt.Benchmarks;
using Rlt.Cli.Commands;
using Rlt.Cli.Commands.Evaluation;
using Rlt.Configuration;
using Rlt.Evaluation;
using Rlt.Models;
using Rlt.Models.Adapters;
using Rlt.Planning;
using Rlt.Teaching;
using Rlt.Teaching.Collection;
using Rlt.Training;
using Rlt.Training.Grpo;
using Rlt.Training.Sft;
using Rlt.Training.Solver;
using Rlt.Training.Teacher;

namespace Rlt.Cli;

/// <summary>A run's config, of whichever command, as the memory plan sees it. No weights are read.</summary>
/// <param name="Command">The command whose config it is.</param>
/// <param name="Work">The workload; micro-batch and graphs may be open.</param>
/// <param name="MicroBatchTokens">Tokens of a micro-batch; 0 where the plan decides.</param>
/// <param name="Recompute">Whether layers are computed again.</param>
/// <param name="Device">Where it runs.</param>
/// <param name="Step">The tokens of one step, or of one block of questions.</param>
/// <param name="Lengths">Of how long texts this is, for people.</param>
internal sealed record PlannedConfig(
    string Command, Workload Work, int MicroBatchTokens, Recompute Recompute, DeviceConfig Device, StepWork Step, string Lengths)
{
    // What a prompt may have where there is no data to tell.
    private const int AssumedPrompt = 1024;

    /// <summary>Reads a config of the command that knows its keys.</summary>
    /// <exception cref="ConfigException">No command knows all of them; the message is that of the one that comes nearest.</exception>
    public static PlannedConfig Read(RunOptions options, ParseResult parsed)
    {
        var errors = new List<ConfigException>();
        foreach (Func<PlannedConfig> read in new Func<PlannedConfig>[]
        {
            () => Of(options.Load<TeacherConfig>(parsed)), () => Of(options.Load<SftConfig>(parsed)),
            () => Of(options.Load<CollectConfig>(parsed)), () => Of(options.Load<EvalConfig>(parsed)), () => Of(options.Load<SolverConfig>(parsed)),
        })
        {
            try
            {
                return read();
            }
            catch (ConfigException error)
            {
                errors.Add(error);
            }
        }

        throw errors.MinBy(error => error.Message.Split('\n').Length)!;
    }

    private static PlannedConfig Of(TeacherConfig config)
    {
        ModelConfig model = Shape(config.Model);
        int? read = LongestPrompt(config.Model, config.Source, config.Format, config.TemplateArgs);
        return Grpo("train-teacher", config, Workloads.Of(config, model, Shape(config.Student), read ?? AssumedPrompt), $"{Prompts(read)}, explanations");
    }

    private static PlannedConfig Of(SolverConfig config) =>
        Grpo("train-solver", config, Workloads.Of(config, Shape(config.Model), AssumedPrompt), $"{Prompts(null)}, answers");

    private static PlannedConfig Grpo(string command, GrpoConfig config, Workload work, string texts)
    {
        int samples = config.QuestionsPerStep * config.GroupSize;
        return new PlannedConfig(
            command, work, config.MicroBatchTokens, config.Recompute, config.Device, new StepWork(samples, config.MaxNewTokens, samples, work.LongestSequence),
            $"{texts} up to {config.MaxNewTokens} tokens");
    }

    private static PlannedConfig Of(SftConfig config)
    {
        ModelConfig model = Shape(config.Model);
        int cutoff = Math.Min(config.Cutoff, model.MaxPositions);
        int[]? read = SequenceLengths(config, cutoff);
        return new PlannedConfig(
            "warmup or distill", Workloads.Of(config, model, read?.Max() ?? cutoff), config.MicroBatchTokens, config.Recompute, config.Device,
            new StepWork(0, 0, config.BatchSize, read?.Average() ?? cutoff),
            read is null ? $"sequences of {cutoff} tokens (cutoff; the data or the tokenizer is not there)" : $"sequences of the data, up to {read.Max()} tokens");
    }

    private static PlannedConfig Of(CollectConfig config)
    {
        int? read = LongestPrompt(config.Model, config.Source, config.Format, config.TemplateArgs);
        PlannedConfig sampling = Sampling(config.Student is null ? "collect or eval" : "collect", Shape(config.Model), config.Device, config.SamplingRows, config.Samples, config.BlockSize, config.MaxNewTokens, config.TopP < 1, read);
        return config.Student is not { } student
            ? sampling
            : sampling with
            {
                Work = sampling.Work with
                {
                    Student = Workloads.Size(Shape(student), config.Device),
                    ScoringTokens = config.ScoringTokens,
                    SharedTokens = config.Samples > 1 ? sampling.Work.Sampling!.Prompt : 0,
                },
            };
    }

    private static PlannedConfig Of(EvalConfig config)
    {
        var sampling = EvalSampling.Of(config, AskedQuestions.Benchmark(config.Benchmark));
        return Sampling("collect or eval", Shape(config.Model), config.Device, config.SamplingRows, sampling.Samples, config.BlockSize, sampling.MaxNewTokens, sampling.TopP < 1, null);
    }

    private static PlannedConfig Sampling(string command, ModelConfig model, DeviceConfig device, int rows, int group, int block, int newTokens, bool filtered, int? read)
    {
        long samples = (long)block * group;
        int prompt = read ?? AssumedPrompt;
        var work = new Workload
        {
            Model = Workloads.Size(model, device),
            Fused = Workloads.Fused(device),
            OnGpu = Workloads.OnGpu(device),
            Sampling = new SamplingLoad((int)Math.Min(rows, samples), group, prompt, newTokens, filtered),
            LongestSequence = (int)Math.Min((long)prompt + newTokens, model.MaxPositions),
        };
        return new PlannedConfig(command, work, 0, Recompute.Auto, device, new StepWork(samples, newTokens, samples, work.LongestSequence), $"{Prompts(read)}, up to {newTokens} tokens drawn");
    }

    // The shape of a model directory, or one that rlt bench knows by name where there is no such directory.
    private static ModelConfig Shape(string model) => !Directory.Exists(model) && BenchShapes.Names.Contains(model, StringComparer.OrdinalIgnoreCase)
        ? BenchShapes.Get(model)
        : ModelConfig.Load(AdapterFiles.IsAdapter(model) ? AdapterFiles.ReadConfig(model).BaseDirectory : model);

    private static int? LongestPrompt(string model, Data.DataSource source, string format, JsonObject? templateArgs)
    {
        if (!HasText(model, source))
        {
            return null;
        }

        var text = ModelText.Load(model);
        PromptFormat tags = FormatFile.Load(format);
        return TaskLengths.LongestPrompt(TeachingRows.Read(source, tags, needsExplanation: false).Rows, TeachingFormat.ForOne(tags, text, templateArgs), text);
    }

    private static int[]? SequenceLengths(SftConfig config, int cutoff)
    {
        if (!HasText(config.Model, config.Source))
        {
            return null;
        }

        var text = ModelText.Load(config.Model);
        PromptFormat? tags = config.Format is { } file ? FormatFile.Load(file) : null;
        SftTarget target = config.Target ?? (tags is null ? SftTarget.Text : SftTarget.Student);
        return [.. SftExample.Encode(SftExample.Read(config.Source, target, tags).Rows, target, tags is null ? null : TeachingFormat.ForOne(tags, text), text, cutoff)
            .Sequences.Select(sequence => sequence.Ids.Length)];
    }

    private static bool HasText(string model, Data.DataSource source) => Directory.Exists(model) && File.Exists(source.Path);

    private static string Prompts(int? read) => read is { } longest ? $"prompts of the data, up to {longest} tokens" : $"prompts of {AssumedPrompt} tokens (assumed)";
}
