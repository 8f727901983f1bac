using System.Text.Json.Nodes;
using Rlt.Models;
using Rlt.Models.Gradients;
using Rlt.Runs;
using Rlt.Statistics;
using Rlt.Training.Optimization;

namespace Rlt.Training.Grpo;

/// <summary>GRPO: draw a group of completions for each question, reward them, push up the better ones of each group.</summary>
/// <remarks>Source: GRPO (arXiv 2402.03300), algorithm 1. What is drawn and rewarded is the task's; the loss is <see cref="GrpoLoss"/>.</remarks>
internal sealed class GrpoTrainer<T>(GrpoConfig config, LanguageModel policy, Decoder? reference, IGrpoTask<T> task, RunFolder folder, IRunObserver observer)
    where T : Rollout
{
    private readonly RolloutSampler<T> _sampler = new(config, task);

    private double LossTemperature => config.Loss.UnbiasLogProbs ? config.Temperature : 1;

    /// <summary>The same task on held-out questions, where the config says how often it is measured.</summary>
    public IGrpoTask<T>? HeldOut { get; init; }

    /// <summary>A student that learns beside the policy; null for none.</summary>
    public Learner? Student { get; init; }

    /// <summary>Trains, going on from the newest checkpoint; a finished run is left as it is; and writes the finished policy.</summary>
    public void Run(CancellationToken stop)
    {
        if (folder.IsFinishedAfter(config.Steps, observer.Warned))
        {
            return;
        }

        if (task.Count < config.QuestionsPerStep)
        {
            observer.Warned($"questions_per_step: {config.QuestionsPerStep} is more than the {task.Count} questions there are; "
                + $"each is asked up to {(config.QuestionsPerStep + task.Count - 1) / task.Count} times a step");
        }

        using var gradients = new GradientStore(policy.Decoder, config.Optimizer.OffloadGradients);
        using var optimizer = new AdamW(policy.Decoder, config.Optimizer.ToAdamW(), config.Optimizer.Offload);
        var checkpoint = new TrainingCheckpoint(folder, policy, optimizer, config.Lora is null ? reference : null, config.Checkpoints) { Student = Student };
        new TrainingLoop(folder, policy, checkpoint, config.Checkpoints, observer, TimeProvider.System)
        {
            StopWhen = config.StopWhen,
            Student = Student?.Model,
            Validation = config.Validate is { } validate && HeldOut is { } heldOut
                ? new Validation(validate, config.HeldOutMetric, folder, metrics => heldOut.Measure(metrics, _sampler.HeldOut(heldOut, validate.Samples)))
                : null,
        }.Run(config.Steps, step => Step(step, gradients, optimizer), stop);
    }

    private JsonObject Step(int step, GradientStore gradients, AdamW optimizer)
    {
        var log = new GrpoStepLog<T>(step, config, task, folder, observer);
        RolloutBatch<T> batch = _sampler.Sample(step, log.Phases);
        float[] advantages = GroupAdvantage.From(batch.Rewards, config.GroupSize, config.Loss.NormalizeByStd);
        float[][]? referenceLogProbs = reference is null ? null : LogProbs(reference, batch, log.Phases);
        log.Drawn(batch, advantages, referenceLogProbs);
        log.Measured(MeanEntropy(batch, log.Phases));
        double learningRate = LearningRateSchedule.At(
            config.Optimizer.Schedule, config.Optimizer.LearningRate, step, config.Steps, config.Optimizer.WarmupRatio);
        foreach (int[] samples in UpdateOrder.Of(batch.Groups, config.GroupSize, config.Loss.UpdatesPerBatch, config.Loss.NumIterations))
        {
            var share = new UpdateShare(batch.Rollouts, advantages, referenceLogProbs, samples, config);
            (double loss, float[][] logProbs) = MicroBatches.Backward(
                policy.Decoder, gradients, share.Sequences, LossTemperature, config.MicroBatchTokens, keepGraphs: config.Recompute == Recompute.False,
                (logProbs_N, rows) => GrpoLoss.Compute(logProbs_N, share.Tokens(rows, logProbs_N.device), config.Loss),
                (long)RandomStream.Key(config.Seed, step, log.Updates),
                log.Phases.During("backward").Over(Tokens(share.Sequences)));
            log.WentBack(share);
            double norm = log.Guard(() => Update.ClipAndStep(gradients, optimizer, learningRate, config.Optimizer.MaxGradNorm, step, loss, log.Updates));
            log.Learned(share, loss, norm, logProbs);
        }

        JsonObject metrics = log.Metrics(learningRate, policy.Decoder);
        PullReference(step + 1);
        task.Follow(step + 1, metrics);
        return metrics;
    }

    private float[][] LogProbs(Decoder model, RolloutBatch<T> batch, PhaseClock phases) => SequenceScorer.LogProbs(
        model, batch.Sequences, LossTemperature, config.ScoringTokens, phases.During("reference").Over(Tokens(batch.Sequences)));

    // Of the first completion of each group: all would cost another pass over the step's tokens.
    private double MeanEntropy(RolloutBatch<T> batch, PhaseClock phases)
    {
        TokenSequence[] firsts = [.. batch.Sequences.Where((_, i) => i % config.GroupSize == 0)];
        return SequenceScorer.MeanEntropy(
            policy.Decoder, firsts, LossTemperature, config.ScoringTokens, phases.During("entropy").Over(Tokens(firsts)));
    }

    private static long Tokens(IEnumerable<TokenSequence> sequences) => sequences.Sum(sequence => (long)sequence.Ids.Length);

    private void PullReference(int stepsDone)
    {
        if (reference is not null && config.ReferenceSyncSteps > 0 && stepsDone % config.ReferenceSyncSteps == 0)
        {
            ReferenceSync.Mix(reference, policy.Decoder, config.ReferenceSyncMix);
        }
    }
}
