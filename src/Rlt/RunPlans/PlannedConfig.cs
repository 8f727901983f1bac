using System.Text.Json.Nodes;
using Rlt.Benchmarks;
using Rlt.Configuration;
using Rlt.Data;
using Rlt.Evaluation;
using Rlt.Evaluation.Questions;
using Rlt.Models;
using Rlt.Models.Adapters;
using Rlt.Planning;
using Rlt.Teaching;
using Rlt.Teaching.Collection;
using Rlt.Training;
using Rlt.Training.Grpo;
using Rlt.Training.OnPolicy;
using Rlt.Training.Sft;
using Rlt.Training.Solver;
using Rlt.Training.Teacher;

namespace Rlt.RunPlans;

/// <summary>A run's config, of whichever command, as the memory plan sees it. No weights are read.</summary>
/// <param name="Command">The command whose config it is.</param>
/// <param name="Work">The workload; micro-batch and graphs may be open.</param>
/// <param name="MicroBatchTokens">Tokens of a micro-batch; 0 where the plan decides.</param>
/// <param name="Recompute">Whether layers are computed again.</param>
/// <param name="Device">Where it runs.</param>
/// <param name="Step">The tokens of one step, or of one block of questions.</param>
/// <param name="Lengths">Of how long texts this is, for people.</param>
public sealed record PlannedConfig(
    string Command, Workload Work, int MicroBatchTokens, Recompute Recompute, DeviceConfig Device, StepWork Step, string Lengths)
{
    // What a prompt may have where there is no data to tell.
    private const int AssumedPrompt = 1024;

    /// <summary>Reads a config of the command that knows its keys.</summary>
    /// <param name="file">The file; null to start from defaults.</param>
    /// <param name="overrides">Values that replace the file's, "a.b=v".</param>
    /// <exception cref="ConfigException">No command knows all of them; the message is that of the one that comes nearest.</exception>
    public static PlannedConfig Read(string? file, IReadOnlyList<string> overrides)
    {
        var errors = new List<ConfigException>();
        foreach (Func<PlannedConfig> read in new Func<PlannedConfig>[]
        {
            () => Of(Load<TeacherConfig>()), () => Of(Load<DistillConfig>()), () => Of(Load<CollectConfig>()),
            () => Of(Load<EvalConfig>()), () => Of(Load<SolverConfig>()),
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

        throw errors.MinBy(error => (error.Message.Split('\n').Length, error.Message.Length))!;

        T Load<T>()
            where T : class => HubConfig.Located(ConfigLoader.Load<T>(file, overrides));
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
            command, work, config.MicroBatchTokens, config.Recompute, config.Device,
            new StepWork(samples, config.MaxNewTokens, samples, work.LongestSequence), $"{texts} up to {config.MaxNewTokens} tokens");
    }

    private static PlannedConfig Of(DistillConfig config)
    {
        ModelConfig model = Shape(config.Model);
        if (config.Method == DistillMethod.Opd)
        {
            OnPolicyConfig settings = config.OnPolicy;
            int? prompt = LongestPrompt(config.Model, config.Source, config.Format, settings.TemplateArgs, settings);
            Workload work = Workloads.Of(
                config, model, Shape(settings.Teacher.Model ?? config.Model), prompt ?? AssumedPrompt, settings.Lmbda < 1 ? config.Cutoff : 0);
            return new PlannedConfig(
                "distill", work, config.MicroBatchTokens, config.Recompute, config.Device,
                new StepWork(settings.Lmbda > 0 ? config.BatchSize : 0, settings.MaxNewTokens, config.BatchSize, work.LongestSequence),
                $"{Prompts(prompt)}, answers up to {settings.MaxNewTokens} tokens");
        }

        int cutoff = Math.Min(config.Cutoff, model.MaxPositions);
        int[]? read = SequenceLengths(config, cutoff);
        return new PlannedConfig(
            "warmup or distill", Workloads.Of(config, model, read?.Max() ?? cutoff), config.MicroBatchTokens, config.Recompute, config.Device,
            new StepWork(0, 0, config.BatchSize, read?.Average() ?? cutoff),
            read is null
                ? $"sequences of {cutoff} tokens (cutoff; the data or the tokenizer is not there)"
                : $"sequences of the data, up to {read.Max()} tokens");
    }

    private static PlannedConfig Of(CollectConfig config)
    {
        int? read = LongestPrompt(config.Model, config.Source, config.Format, config.TemplateArgs);
        var drawn = new SamplingLoad(config.SamplingRows, config.Samples, read ?? AssumedPrompt, config.MaxNewTokens, config.TopP < 1);
        PlannedConfig sampling = Sampling(config.Student is null ? "collect or eval" : "collect",
            Shape(config.Model), config.Device, drawn, config.BlockSize, read);
        return config.Student is not { } student
            ? sampling
            : sampling with
            {
                Work = sampling.Work with
                {
                    Student = Workloads.Size(Shape(student), config.Device),
                    ScoringTokens = config.ScoringTokens,
                    SharedTokens = config.Samples > 1 ? drawn.Prompt : 0,
                },
            };
    }

    private static PlannedConfig Of(EvalConfig config)
    {
        var sampling = EvalSampling.Of(config, BenchmarkDefinition.Load(config.Benchmark));
        var drawn = new SamplingLoad(config.SamplingRows, sampling.Samples, AssumedPrompt, sampling.MaxNewTokens, sampling.TopP < 1);
        return Sampling("collect or eval", Shape(config.Model), config.Device, drawn, config.BlockSize, null);
    }

    private static PlannedConfig Sampling(string command, ModelConfig model, DeviceConfig device, SamplingLoad drawn, int block, int? read)
    {
        long samples = (long)block * drawn.Group;
        var work = new Workload
        {
            Model = Workloads.Size(model, device),
            Fused = Workloads.Fused(device),
            OnGpu = Workloads.OnGpu(device),
            Samples = samples,
            Sampling = drawn with { Rows = (int)Math.Min(drawn.Rows, samples) },
            LongestSequence = (int)Math.Min((long)drawn.Prompt + drawn.NewTokens, model.MaxPositions),
        };
        return new PlannedConfig(
            command, work, 0, Recompute.Auto, device, new StepWork(samples, drawn.NewTokens, samples, work.LongestSequence),
            $"{Prompts(read)}, up to {drawn.NewTokens} tokens drawn");
    }

    // The shape of a model directory, or one that rlt bench knows by name where there is no such directory.
    private static ModelConfig Shape(string model) => !Directory.Exists(model) && BenchShapes.Names.Contains(model, StringComparer.OrdinalIgnoreCase)
        ? BenchShapes.Get(model)
        : ModelConfig.Load(AdapterFiles.IsAdapter(model) ? AdapterFiles.ReadConfig(model).BaseDirectory : model);

    private static int? LongestPrompt(string model, DataSource source, string? format, JsonObject? templateArgs, OnPolicyConfig? asked = null)
    {
        if (!HasText(model, source) || (format is null && TeacherRecord.Read(model) is null))
        {
            return null;
        }

        var text = ModelText.Load(model);
        PromptFormat tags = format is null ? TeacherRecord.Read(model)!.Tags : PromptFormat.Load(format);
        var texts = TeachingFormat.ForOne(tags, text, templateArgs);
        return asked is null
            ? TaskLengths.LongestPrompt(TeachingRows.Read(source, tags, needsExplanation: false).Rows, texts.TeacherPrompt, text)
            : TaskLengths.LongestPrompt(OnPolicyTasks.Read(source, tags, asked).Rows, texts.StudentPrompt, text);
    }

    private static int[]? SequenceLengths(SftConfig config, int cutoff)
    {
        if (!HasText(config.Model, config.Source))
        {
            return null;
        }

        var text = ModelText.Load(config.Model);
        PromptFormat? tags = config.Format is { } file ? PromptFormat.Load(file) : null;
        SftTarget target = config.Target ?? (tags is null ? SftTarget.Text : SftTarget.Student);
        TeachingFormat? format = tags is null ? null : TeachingFormat.ForOne(tags, text);
        SftExamples examples = SftExample.Encode(SftExample.Read(config.Source, target, tags).Rows, target, format, text, cutoff);
        return [.. examples.Sequences.Select(sequence => sequence.Ids.Length)];
    }

    private static bool HasText(string model, DataSource source) => Directory.Exists(model) && Path.Exists(source.Path);

    private static string Prompts(int? read) =>
        read is { } longest ? $"prompts of the data, up to {longest} tokens" : $"prompts of {AssumedPrompt} tokens (assumed)";
}
