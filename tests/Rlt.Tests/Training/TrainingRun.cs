using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Rlt.Configuration;
using Rlt.Evaluation;
using Rlt.Evaluation.Questions;
using Rlt.Models;
using Rlt.Runs;
using Rlt.Teaching;
using Rlt.Tests.Data;
using Rlt.Training;
using Rlt.Training.OnPolicy;
using Rlt.Training.Optimization;
using Rlt.Training.Sft;
using Rlt.Training.Solver;
using Rlt.Training.Teacher;
using static TorchSharp.torch;

namespace Rlt.Tests.Training;

/// <summary>Whole training runs of tiny models in a scratch directory, as the commands make them.</summary>
internal sealed class TrainingRun : IDisposable
{
    // The fields that the machine's speed and memory decide; scripts/kill-resume.sh leaves out the same.
    private static readonly Regex MeasuredFields = new(File.ReadAllText(Path.Combine(Golden.RepositoryRoot, "tests", "measured-fields.txt")).Trim());

    private readonly ScratchDirectory _scratch = new();

    /// <summary>Runs of models of a family; null: of Qwen2.</summary>
    public TrainingRun(string? family = null)
    {
        set_num_threads(1);
        Model = TinyDirectory.Write(_scratch["policy"], seed: 1, scale: 6, family: family);
        Student = TinyDirectory.Write(_scratch["student"], seed: 2, scale: 6, family: family);
    }

    public string Model { get; }

    public string Student { get; }

    /// <summary>What the runs read the time from.</summary>
    public TimeProvider Clock { get; set; } = TimeProvider.System;

    public string this[string name] => _scratch[name];

    public SftConfig Sft => new()
    {
        Model = Model,
        Data = "unused",
        Out = "unused",
        BatchSize = 2,
        Steps = 4,
        MicroBatchTokens = 32,
        SaveEvery = 1,
        Optimizer = new OptimizerConfig { LearningRate = 1e-2, Schedule = ScheduleKind.Cosine, WarmupRatio = 0.3, WeightDecay = 0.01 },
    };

    public TeacherConfig Teacher => new()
    {
        Model = Model,
        Student = Student,
        Data = "unused",
        Out = "unused",
        Format = "unused",
        Steps = 4,
        QuestionsPerStep = 2,
        GroupSize = 4,
        MaxNewTokens = 6,
        SamplingRows = 5,
        MicroBatchTokens = 150,
        ScoringTokens = 150,
        ReferenceSyncSteps = 2,
        SaveEvery = 1,
        Optimizer = new OptimizerConfig { LearningRate = 1e-2 },
    };

    public static IReadOnlyList<TeachingTask> Tasks { get; } =
    [
        new("2 + 3?", "5"), new("4 + 4?", "8"), new("1 + 6?", "7"),
    ];

    public static IReadOnlyList<TokenSequence> Examples { get; } =
        [.. Enumerable.Range(0, 3).Select(i => new TokenSequence(TinyModel.Ids(10 + (3 * i), i + 1, 1000), 3))];

    /// <summary>Runs supervised fine-tuning to its end, or to where the watcher ends it.</summary>
    public RunFolder RunSft(
        string name, SftConfig config, RunWatcher? watcher = null, IReadOnlyList<float>? weights = null, CancellationToken stop = default)
    {
        using LanguageModel model = LanguageModel.LoadToTrain(Model, TinyDirectory.Device, config.Lora, config.Seed);
        using RunFolder folder = RunFolder.Open(this[name], ConfigWriter.ToYaml(config)).Begin();
        new SftTrainer(config, model, Examples, folder, watcher ?? new RunWatcher()) { Clock = Clock, Weights = weights }.Run(stop);
        return folder;
    }

    /// <summary>Runs GRPO to its end, or to where the watcher ends it.</summary>
    public RunFolder RunTeacher(
        string name, TeacherConfig config, RunWatcher? watcher = null, Func<LanguageModel, TeachingFormat, Explain>? scripted = null,
        Action<LanguageModel>? studentAfter = null, CancellationToken stop = default)
    {
        using LanguageModel policy = LanguageModel.LoadToTrain(Model, TinyDirectory.Device, config.Lora, config.Seed);
        using LanguageModel student = LanguageModel.Load(Student, TinyDirectory.Device);
        using Decoder? reference = config.Loss.Beta == 0 ? null : config.Lora is null ? ModelFiles.Load(Model, null, CPU) : policy.Decoder.WithoutAdapters();
        var format = new TeachingFormat(TinyDirectory.Format, new ChatRenderer(policy.RequireTemplate()), new ChatRenderer(student.RequireTemplate()));
        using RunFolder folder = RunFolder.Open(this[name], ConfigWriter.ToYaml(config)).Begin();
        var trainer = new TeacherTrainer(config, policy, student, reference, Tasks, format, folder, watcher ?? new RunWatcher());
        if (scripted is null)
        {
            trainer.Run(stop);
        }
        else
        {
            trainer.Run(scripted(policy, format), stop);
        }

        studentAfter?.Invoke(student);
        return folder;
    }

    /// <summary>Runs GRPO on right answers, from a shipped student of the small world, to its end or to where the watcher ends it.</summary>
    public RunFolder RunSolver(string name, SolverConfig config, IReadOnlyList<EvalQuestion> questions, PromptFormat? format = null, RunWatcher? watcher = null, CancellationToken stop = default)
    {
        using LanguageModel policy = LanguageModel.LoadToTrain(config.Model, TinyDirectory.Device, config.Lora, config.Seed);
        using Decoder? reference = config.Loss.Beta == 0 ? null : ModelFiles.Load(config.Model, null, CPU);
        using RunFolder folder = RunFolder.Open(this[name], ConfigWriter.ToYaml(config)).Begin();
        new SolverTrainer(config, policy, reference, questions, AnswerKind.Math, format, folder, watcher ?? new RunWatcher()).Run(stop);
        return folder;
    }

    /// <summary>Runs on-policy distillation on <see cref="Tasks"/> to its end, or to where the watcher ends it.</summary>
    public RunFolder RunOnPolicy(string name, DistillConfig config, RunWatcher? watcher = null)
    {
        using LanguageModel student = LanguageModel.LoadToTrain(Model, TinyDirectory.Device, config.Lora, config.Seed);
        ModelText text = config.OnPolicy.Teacher.Model is { } directory ? ModelText.Load(directory) : student.Text;
        using LanguageModel teacher = FrozenModels.Teacher(config, student, text);
        var format = TeachingFormat.ForOne(TinyDirectory.Format, student.Text);
        var view = new TeacherView(config.OnPolicy.Teacher, TinyDirectory.Format, student.Text, format, text);
        using RunFolder folder = RunFolder.Open(this[name], ConfigWriter.ToYaml(config)).Begin();
        TeachingTask[] explained = [.. Tasks.Select(task => task with { Explanation = $"as {task.Solution}" })];
        new OnPolicyTrainer(config, student, teacher.Decoder, explained, format, view, folder, watcher ?? new RunWatcher()).Run(default);
        return folder;
    }

    /// <summary>The finished model's weights.</summary>
    public byte[] Weights(string name) => File.ReadAllBytes(Path.Combine(this[name], "model", "model.safetensors"));

    /// <summary>The metrics that a repetition must reproduce, as text.</summary>
    public string Metrics(string name) => string.Join('\n', File.ReadAllLines(Path.Combine(this[name], "metrics.jsonl")).Select(line =>
    {
        JsonObject row = JsonNode.Parse(line)!.AsObject();
        foreach (string key in row.Select(pair => pair.Key).Where(key => MeasuredFields.IsMatch(key)).ToArray())
        {
            row.Remove(key);
        }

        return row.ToJsonString();
    }));

    public void Dispose() => _scratch.Dispose();
}
