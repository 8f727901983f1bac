using System.Text.Json.Nodes;
using Rlt.Models;
using Rlt.Models.Gradients;
using Rlt.Runs;
using Rlt.Statistics;
using Rlt.Training.Optimization;

namespace Rlt.Training.Sft;

/// <summary>Supervised fine-tuning with the loss on the completion only: −mean log p over the step's target tokens.</summary>
public sealed class SftTrainer(SftConfig config, LanguageModel model, IReadOnlyList<TokenSequence> examples, RunFolder folder, IRunObserver observer)
{
    private readonly int _steps = config.Steps > 0 ? config.Steps : (int)(((long)config.Epochs * examples.Count + config.BatchSize - 1) / config.BatchSize);

    /// <summary>What decides that it is time for a checkpoint.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Held-out examples to measure the loss on, where the config says how often.</summary>
    public IReadOnlyList<TokenSequence> HeldOut { get; init; } = [];

    /// <summary>What each example weighs; null: 1.</summary>
    public IReadOnlyList<float>? Weights { get; init; }

    /// <summary>Trains, going on from the newest checkpoint; a finished run is left as it is; and writes the finished model.</summary>
    public void Run(CancellationToken stop)
    {
        if (folder.IsFinishedAfter(_steps, observer.Warned))
        {
            return;
        }

        using var gradients = new GradientStore(model.Decoder, config.Optimizer.OffloadGradients);
        using var optimizer = new AdamW(model.Decoder, config.Optimizer.ToAdamW(), config.Optimizer.Offload);
        var checkpoint = new TrainingCheckpoint(folder, model, optimizer, null, config.Checkpoints);
        new TrainingLoop(folder, model, checkpoint, config.Checkpoints, observer, Clock)
        {
            Validation = config.Validate is { } validate ? new Validation(validate, BestMetric.HeldOutLoss, folder, Measure) : null,
        }.Run(_steps, step => Step(step, gradients, optimizer), stop);
    }

    private void Measure(JsonObject metrics)
    {
        float[][] logProbs = SequenceScorer.LogProbs(model.Decoder, HeldOut, temperature: 1, config.MicroBatchTokens);
        double[] losses = [.. logProbs.Select(row => -row.Sum(value => (double)value))], counts = [.. logProbs.Select(row => (double)row.Length)];
        Validation.Add(metrics, BestMetric.HeldOutLoss.Name, losses.Sum() / counts.Sum(), MeanInterval.OfRatio(losses, counts));
    }

    private JsonObject Step(int step, GradientStore gradients, AdamW optimizer)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        int[] chosen = EpochOrder.Slice(examples.Count, step, config.BatchSize, config.Seed);
        TokenSequence[] batch = [.. chosen.Select(i => examples[i])];
        WorkProgress progress = (share, tokens) => observer.Within("backward", share, tokens / clock.Elapsed.TotalSeconds);
        double loss = SftLoss.Backward(
            model.Decoder, gradients, batch, Weights is null ? null : [.. chosen.Select(i => Weights[i])], config, (long)RandomStream.Key(config.Seed, step), progress);
        double learningRate = LearningRateSchedule.At(config.Optimizer.Schedule, config.Optimizer.LearningRate, step, _steps, config.Optimizer.WarmupRatio);
        double norm = Update.ClipAndStep(gradients, optimizer, learningRate, config.Optimizer.MaxGradNorm, step, loss);
        double seconds = clock.Elapsed.TotalSeconds;
        var metrics = new JsonObject
        {
            ["step"] = step + 1,
            ["loss"] = loss,
            ["grad_norm"] = norm,
            ["learning_rate"] = learningRate,
            ["target_tokens"] = batch.Sum(sequence => sequence.ScoredCount),
            ["sequence_tokens"] = batch.Average(sequence => sequence.Ids.Length),
            ["epoch"] = (double)(step + 1) * config.BatchSize / examples.Count,
            ["tokens_per_second"] = batch.Sum(sequence => sequence.Ids.Length) / seconds,
            ["step_seconds"] = Math.Round(seconds, 4),
        };
        ResourceMetrics.AddTo(metrics, model.Decoder);
        return metrics;
    }
}
