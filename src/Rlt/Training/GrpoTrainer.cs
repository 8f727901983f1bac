using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Generation;
using Rlt.Models;
using Rlt.Models.Gradients;
using Rlt.Runs;
using static TorchSharp.torch;

namespace Rlt.Training;

/// <summary>GRPO: draw a group of completions for each question, reward them, push up the better ones of each group.</summary>
/// <remarks>The loss is <see cref="GrpoLoss"/>, the advantages <see cref="GroupAdvantage"/>; what is drawn and rewarded is the task's.</remarks>
internal sealed class GrpoTrainer<T>(GrpoConfig config, LanguageModel policy, Decoder? reference, IGrpoTask<T> task, RunFolder folder, IRunObserver observer)
    where T : Rollout
{
    private double LossTemperature => config.Loss.UnbiasLogProbs ? config.Temperature : 1;

    /// <summary>Trains, going on from the newest checkpoint; a finished run is left as it is; and writes the finished policy.</summary>
    public void Run(CancellationToken stop)
    {
        if (folder.IsFinished)
        {
            return;
        }

        using var gradients = new GradientStore(policy.Decoder.Trained, config.Optimizer.OffloadGradients);
        using var optimizer = new AdamW(gradients.Parameters, config.Optimizer.ToAdamW(), config.Optimizer.Offload);
        var checkpoint = new TrainingCheckpoint(folder, policy, optimizer, config.Lora is null ? reference : null, config.Checkpoints);
        new TrainingLoop(folder, policy, checkpoint, config.Checkpoints, observer, TimeProvider.System).Run(config.Steps, step => Step(step, gradients, optimizer), stop);
    }

    private JsonObject Step(int step, GradientStore gradients, AdamW optimizer)
    {
        var phases = new PhaseClock();
        RolloutBatch<T> batch = Sample(step, phases);
        float[][]? reference_ = reference is null ? null : SequenceScorer.LogProbs(reference, batch.Sequences, LossTemperature, config.ScoringTokens);
        phases.End("reference");
        double entropy = Entropy(batch);
        phases.End("entropy");

        UpdateRecord update;
        try
        {
            update = Learn(step, batch, reference_, gradients, optimizer, phases);
        }
        catch (RunFailedException error)
        {
            string file = Path.Combine(folder.Path, "failed-step.jsonl");
            JsonLines.Write(file, Enumerable.Range(0, batch.Rollouts.Count).Select(i => Row(step, batch, i)));
            throw new RunFailedException($"{error.Message} The step's completions are in {file}.", error);
        }

        KeepSamples(step, batch);
        phases.End("samples");
        var metrics = new JsonObject { ["step"] = step + 1 };
        GrpoMetrics.AddTo(metrics, batch, config.GroupSize, update.LogProbs, reference_);
        task.AddMetrics(metrics, batch);
        metrics["entropy"] = entropy;
        update.Clipped?.AddTo(metrics);
        metrics["loss"] = update.Loss;
        metrics["grad_norm"] = update.GradNorm;
        metrics["learning_rate"] = update.LearningRate;
        phases.AddTo(metrics);
        ResourceMetrics.AddTo(metrics, policy.Decoder.Device);
        PullReference(step + 1);
        return metrics;
    }

    // Of the first completion of each group: all would cost another pass over the step's tokens.
    private double Entropy(RolloutBatch<T> batch) => SequenceScorer.MeanEntropy(
        policy.Decoder, [.. batch.Sequences.Where((_, i) => i % config.GroupSize == 0)], LossTemperature, config.ScoringTokens);

    private void PullReference(int stepsDone)
    {
        if (reference is not null && config.ReferenceSyncSteps > 0 && stepsDone % config.ReferenceSyncSteps == 0)
        {
            ReferenceSync.Mix(reference, policy.Decoder, config.ReferenceSyncMix);
        }
    }

    // Groups whose rewards are all alike teach nothing; where asked for, further questions take their place.
    private RolloutBatch<T> Sample(int step, PhaseClock phases)
    {
        RolloutBatch<T> batch = Round(step, 0, config.QuestionsPerStep, phases);
        for (int round = 1; round <= config.Loss.ResampleRounds; round++)
        {
            batch = batch.WithSpread(config.GroupSize);
            int wanting = config.QuestionsPerStep - (batch.Rollouts.Count / config.GroupSize);
            if (wanting == 0)
            {
                break;
            }

            batch = batch.Add(Round(step, round, wanting, phases));
        }

        return batch;
    }

    private RolloutBatch<T> Round(int step, int round, int questions, PhaseClock phases)
    {
        // Further rounds draw from permutations of their own, so that the main order does not depend on the rewards.
        int[] chosen = EpochOrder.Slice(task.Count, step, config.QuestionsPerStep, round == 0 ? config.Seed : (long)RandomStream.Key(config.Seed, round), config.Shuffle)[..questions];
        ulong[][] streams = [.. chosen.Select((question, place) => Streams(step, round, question, place))];
        IReadOnlyList<T> rollouts = task.Draw(chosen, streams, phases);
        return new RolloutBatch<T>(rollouts, GroupAdvantage.From([.. rollouts.Select(rollout => rollout.Reward)], config.GroupSize, config.Loss.NormalizeByStd));
    }

    // One optimizer step, or several, on shares of the groups or on all again; the samples' own log-probabilities are then the old ones.
    private UpdateRecord Learn(int step, RolloutBatch<T> batch, float[][]? reference_, GradientStore gradients, AdamW optimizer, PhaseClock phases)
    {
        double learningRate = LearningRateSchedule.At(config.Optimizer.Schedule, config.Optimizer.LearningRate, step, config.Steps, config.Optimizer.WarmupRatio);
        var logProbs = new float[batch.Sequences.Length][];
        double loss = 0, norm = 0;
        ClipRatio? clipped = config.Loss.ReusesSamples ? new ClipRatio(config.Loss) : null;
        int[][] shares = [.. UpdateOrder.Of(batch.Rollouts.Count / config.GroupSize, config.GroupSize, config.Loss.UpdatesPerBatch, config.Loss.NumIterations)];
        for (int update = 0; update < shares.Length; update++)
        {
            int[] share = shares[update];
            TokenSequence[] sequences = [.. share.Select(i => batch.Sequences[i])];
            bool[] counts = [.. share.Select(i => !config.Loss.MaskTruncated || !batch.Rollouts[i].IsTruncated)];
            float[] weights = TokenWeights.Of(sequences, counts, config.Loss.Aggregation, config.MaxNewTokens);
            (double part, float[][] learned) = MicroBatches.Backward(
                policy.Decoder, gradients, sequences, LossTemperature, config.MicroBatchTokens, keepGraphs: config.Recompute == Recompute.False,
                (logProbs_N, rows) => GrpoLoss.Compute(logProbs_N, Tokens(batch, share, rows, weights, reference_, logProbs_N.device), config.Loss),
                (long)RandomStream.Key(config.Seed, step, update));
            phases.End("backward", sequences.Sum(sequence => sequence.Ids.Length));
            loss += part / shares.Length;
            norm = Math.Max(norm, Update.ClipAndStep(gradients, optimizer, learningRate, config.Optimizer.MaxGradNorm, step, part));
            phases.End("optimizer");
            for (int i = 0; i < share.Length; i++)
            {
                // A later pass sees the policy after it has moved.
                logProbs[share[i]] ??= learned[i];
                if (counts[i])
                {
                    clipped?.Count(learned[i], batch.Rollouts[share[i]].Sample.LogProbs, batch.Advantages[share[i]]);
                }
            }
        }

        return new UpdateRecord(loss, norm, learningRate, logProbs, clipped);
    }

    private GrpoTokens Tokens(RolloutBatch<T> batch, int[] share, int[] rows, float[] weights, float[][]? reference_, Device device)
    {
        return new GrpoTokens(
            PerToken(row => batch.Advantages[share[row]]),
            PerToken(row => weights[row]),
            tensor(rows.SelectMany((row, place) => Enumerable.Repeat((long)place, Count(row))).ToArray(), device: device),
            !config.Loss.ReusesSamples ? null : tensor(rows.SelectMany(row => batch.Rollouts[share[row]].Sample.LogProbs).ToArray(), device: device),
            reference_ is null ? null : tensor(rows.SelectMany(row => reference_[share[row]]).ToArray(), device: device));

        int Count(int row) => batch.Sequences[share[row]].ScoredCount;

        Tensor PerToken(Func<int, float> value) => tensor(rows.SelectMany(row => Enumerable.Repeat(value(row), Count(row))).ToArray(), device: device);
    }

    // A sample's stream is keyed by what it is, not by where in the batch it runs. The place tells apart two visits to one question in one step.
    private ulong[] Streams(int step, int round, int question, int place) =>
        [.. Enumerable.Range(0, config.GroupSize).Select(sample =>
            RandomStream.Key(config.Seed, step, round, question, task.Count < config.QuestionsPerStep ? place : 0, sample))];

    private void KeepSamples(int step, RolloutBatch<T> batch)
    {
        int[] kept = KeptSamples.Of(batch.Rewards, config.GroupSize, config.SamplesKept);
        JsonObject[] rows = [.. kept.Select(i => Row(step, batch, i))];
        task.AddDetails(rows, [.. kept.Select(i => batch.Rollouts[i])]);
        RunRows.Append(folder.Samples, rows);
    }

    private static JsonObject Row(int step, RolloutBatch<T> batch, int index)
    {
        JsonObject row = batch.Rollouts[index].ToRow();
        row.Insert(0, "step", step + 1);
        row["advantage"] = batch.Advantages[index];
        return row;
    }

    private sealed record UpdateRecord(double Loss, double GradNorm, double LearningRate, float[][] LogProbs, ClipRatio? Clipped);
}
