using System.Text.Json.Nodes;
using Rlt.Evaluation;
using Rlt.Evaluation.Questions;
using Rlt.Generation;
using Rlt.Models;
using Rlt.Models.Gradients;
using Rlt.Runs;
using Rlt.Servers;
using Rlt.Statistics;
using Rlt.Teaching;
using Rlt.Training.Grpo;
using Rlt.Training.Optimization;
using Rlt.Training.Sft;
using Rlt.Training.Solver;

namespace Rlt.Training.OnPolicy;

/// <summary>
/// On-policy distillation: sample answers, ask the teacher for its distribution on their tokens, move the student toward it. A share of the steps
/// takes given explanations instead of the student's own answers.
/// </summary>
/// <remarks>Source: GKD (arXiv 2306.13649), algorithm 1. The loss is <see cref="Divergence"/>; no gradient goes through the sampling.</remarks>
/// <param name="config">The settings.</param>
/// <param name="student">Learns.</param>
/// <param name="teacher">Does not, but may be pulled toward the student; null where a server answers for it.</param>
/// <param name="tasks">The questions.</param>
/// <param name="format">The student's texts.</param>
/// <param name="view">The teacher's.</param>
/// <param name="folder">The run's directory.</param>
/// <param name="observer">Is told of every step.</param>
public sealed class OnPolicyTrainer(
    DistillConfig config, LanguageModel student, Decoder? teacher, IReadOnlyList<TeachingTask> tasks, TeachingFormat format, TeacherView view,
    RunFolder folder, IRunObserver observer)
{
    // The place in a step's stream of what decides whose answers it takes.
    private const long OwnOrGiven = 0;

    private readonly OnPolicyConfig _settings = config.OnPolicy;
    private readonly int _questions = config.BatchSize / config.OnPolicy.Samples;
    private readonly int _steps = config.Steps > 0
        ? config.Steps : (int)(((long)config.Epochs * tasks.Count * config.OnPolicy.Samples + config.BatchSize - 1) / config.BatchSize);

    private readonly SamplingEngine _engine = new(student.Decoder, student.Tokenizer, new SamplingOptions
    {
        Temperature = config.OnPolicy.Temperature,
        MaxNewTokens = config.OnPolicy.MaxNewTokens,
        MaxRows = config.OnPolicy.SamplingRows,
        StopIds = student.StopIds,
    });

    /// <summary>Held-out questions to measure the accuracy on, where the config says how often.</summary>
    public IReadOnlyList<EvalQuestion> HeldOut { get; init; } = [];

    /// <summary>Answers for the teacher; null where it is a model here.</summary>
    public TokenScoreClient? Server { get; init; }

    /// <summary>Trains, going on from the newest checkpoint; a finished run is left as it is; and writes the finished student.</summary>
    public void Run(CancellationToken stop)
    {
        if (folder.IsFinishedAfter(_steps, observer.Warned))
        {
            return;
        }

        using var gradients = new GradientStore(student.Decoder, config.Optimizer.OffloadGradients);
        using var optimizer = new AdamW(student.Decoder, config.Optimizer.ToAdamW(), config.Optimizer.Offload);
        Decoder? moving = _settings.Teacher.Ema > 0 ? teacher : null;
        var checkpoint = new TrainingCheckpoint(folder, student, optimizer, moving, config.Checkpoints);
        new TrainingLoop(folder, student, checkpoint, config.Checkpoints, observer, TimeProvider.System)
        {
            Validation = config.Validate is { } validate ? new Validation(validate, config.HeldOutMetric, folder, Measure(validate.Samples)) : null,
        }.Run(_steps, step => Step(step, gradients, optimizer), stop);
    }

    private JsonObject Step(int step, GradientStore gradients, AdamW optimizer)
    {
        var phases = new PhaseClock(observer);
        bool isOwn = RandomStream.Uniform(RandomStream.Key(config.Seed, step), OwnOrGiven) < _settings.Lmbda;
        int[] chosen = EpochOrder.Slice(tasks.Count, step, isOwn ? _questions : config.BatchSize, config.Seed);
        AlignedAnswer[] answers = isOwn ? Drawn(step, chosen, phases) : [.. chosen.Select(Given)];
        int[] tokens = [.. answers.Select(answer => _settings.Loss.MaskTruncated && answer.IsTruncated ? 0 : answer.Learned)];
        float[] weights = TokenWeights.Of(tokens, tokens.Count(count => count > 0), _settings.Loss.Aggregation, _settings.MaxNewTokens);
        StepDivergence divergence = new DistillationPass(student.Decoder, teacher, view.Renamed, _settings, gradients)
        {
            TokenBudget = config.MicroBatchTokens,
            KeepGraphs = config.Recompute == Recompute.False,
            Server = Server,
        }.Backward(answers, weights, (long)RandomStream.Key(config.Seed, step), phases);
        double learningRate = LearningRateSchedule.At(config.Optimizer.Schedule, config.Optimizer.LearningRate, step, _steps, config.Optimizer.WarmupRatio);
        double norm = Update.ClipAndStep(gradients, optimizer, learningRate, config.Optimizer.MaxGradNorm, step, divergence.Loss);
        if (_settings.Teacher.Ema > 0)
        {
            ReferenceSync.Mix(teacher!, student.Decoder, _settings.Teacher.Ema);
        }

        phases.End("optimizer");
        KeepSamples(step, isOwn ? chosen : [], answers, divergence);
        return Metrics(step, isOwn, answers, divergence, norm, learningRate, phases);
    }

    private AlignedAnswer[] Drawn(int step, int[] chosen, PhaseClock phases)
    {
        // A sample's stream is keyed by what it is, not by where in the batch it runs. The place tells apart two visits to one question in one step.
        SamplingRequest[] requests = [.. chosen.Select((question, place) => new SamplingRequest(
            Prompt(tasks[question]),
            [.. Enumerable.Range(0, _settings.Samples).Select(sample => RandomStream.Key(config.Seed, step, question, tasks.Count < _questions ? place : 0, sample))]))];
        Sample[][] samples = _engine.Run(requests, progress: phases.During("sample"));
        phases.End("sample", samples.Sum(group => group.Sum(sample => (long)sample.Ids.Length)));
        return [.. chosen.SelectMany((question, i) => samples[i].Select(sample => Align(
            tasks[question], new TokenSequence([.. requests[i].Prompt, .. sample.Ids], requests[i].Prompt.Length)) with
            {
                Drawn = sample.Ids.Length,
                IsTruncated = sample.Finish != FinishReason.Stop,
                Text = _engine.Text(sample),
            }))];
    }

    private AlignedAnswer Given(int question)
    {
        TeachingTask task = tasks[question];
        string text = format.StudentText(task, format.WithoutPadding(task.Explanation!)).Text;
        TokenSequence whole = SftExample.Completion((text, format.StudentPrompt(task).Length), student.Tokenizer);
        return Align(task, whole.Ids.Length > config.Cutoff ? whole with { Ids = whole.Ids[..config.Cutoff] } : whole) with { IsGiven = true };
    }

    private AlignedAnswer Align(TeachingTask task, TokenSequence answer) => view.Align(task, answer, view.Positions);

    private int[] Prompt(TeachingTask task) => student.Tokenizer.Encode(format.StudentPrompt(task), addSpecialTokens: false).Ids;

    private JsonObject Metrics(int step, bool isOwn, AlignedAnswer[] answers, StepDivergence divergence, double norm, double learningRate, PhaseClock phases)
    {
        float[] asked = [.. divergence.Asked];
        var metrics = new JsonObject { ["step"] = step + 1, ["on_policy"] = isOwn ? 1 : 0 };
        if (isOwn)
        {
            metrics["completion_tokens"] = answers.Average(answer => answer.Drawn);
            metrics["truncated"] = answers.Average(answer => answer.IsTruncated ? 1.0 : 0);
        }

        metrics["loss"] = divergence.Loss;
        metrics["divergence"] = asked.Length == 0 ? 0 : asked.Average(value => (double)value);
        metrics["compared"] = asked.Length / (double)Math.Max(1, answers.Sum(answer => answer.Student.ScoredCount));
        if (_settings.Loss.Clip > 0)
        {
            metrics["clipped_tokens"] = asked.Count(value => Math.Abs(value) > _settings.Loss.Clip) / (double)Math.Max(1, asked.Length);
        }

        metrics["grad_norm"] = norm;
        metrics["learning_rate"] = learningRate;
        metrics["epoch"] = (step + 1.0) * config.BatchSize / _settings.Samples / tasks.Count;
        phases.AddTo(metrics);
        ResourceMetrics.AddTo(metrics, student.Decoder);
        return metrics;
    }

    private void KeepSamples(int step, int[] chosen, AlignedAnswer[] answers, StepDivergence divergence)
    {
        int kept = Math.Min(_settings.SamplesKept, chosen.Length * _settings.Samples);
        RunRows.Append(folder.Samples, [.. Enumerable.Range(0, kept).Select(i => new JsonObject
        {
            ["step"] = step + 1,
            ["question"] = tasks[chosen[i / _settings.Samples]].Question,
            ["completion"] = answers[i].Text,
            ["completion_tokens"] = answers[i].Drawn,
            ["divergence"] = divergence.ByAnswer[i].Where(value => !float.IsNaN(value)).Select(value => (double)value).DefaultIfEmpty(0).Average(),
        })]);
    }

    // As a solver's: answers drawn at the run's temperature, graded.
    private Action<JsonObject> Measure(int samples)
    {
        var solver = new SolverConfig
        {
            Model = config.Model,
            Data = config.Data,
            Out = config.Out,
            Optimizer = config.Optimizer,
            Seed = config.Seed,
            Temperature = _settings.Temperature,
            MaxNewTokens = _settings.MaxNewTokens,
            SamplingRows = _settings.SamplingRows,
            TemplateArgs = _settings.TemplateArgs,
        };
        var task = new SolvingGrpo(solver, student, HeldOut, AnswerKind.Math, format: null);
        return metrics => task.Measure(metrics, new RolloutSampler<SolvingRollout>(solver, task).HeldOut(task, samples));
    }
}
