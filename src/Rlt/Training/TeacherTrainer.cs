using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Generation;
using Rlt.Models;
using Rlt.Runs;
using Rlt.Teaching;
using static TorchSharp.torch;

namespace Rlt.Training;

/// <summary>Trains a teacher by GRPO: sample explanations, score them by the student, push up the better ones of each group.</summary>
/// <remarks>
/// Source: RLT (arXiv 2506.08388), section 3, with the released loss (<see cref="GrpoLoss"/>) and advantages
/// (<see cref="GroupAdvantage"/>). The teacher of the reward's KL is the policy of the step.
/// </remarks>
public sealed class TeacherTrainer(
    TeacherConfig config, LanguageModel policy, LanguageModel student, Decoder? reference, IReadOnlyList<TeachingTask> tasks, TeachingFormat format, RunFolder folder, IRunObserver observer)
{
    private readonly Explainer _explainer = new(policy.Decoder, policy.Tokenizer, format, new SamplingOptions
    {
        Temperature = config.Temperature,
        MaxNewTokens = config.MaxNewTokens,
        MaxRows = config.SamplingRows,
        StopIds = policy.StopIds,
        StopTexts = [format.Format.ExplanationClose],
    });

    private double LossTemperature => config.Loss.UnbiasLogProbs ? config.Temperature : 1;

    private readonly RewardScorer _scorer = new(policy.Decoder, student.Decoder, config.Reward, config.ScoringTokens);

    /// <summary>Trains, going on from the newest checkpoint; a finished run is left as it is; and writes the finished teacher.</summary>
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
        RolloutBatch batch = Sample(step, phases);
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
            JsonLines.Write(file, Enumerable.Range(0, batch.Rollouts.Count).Select(i => RolloutRow.Of(step + 1, batch, i)));
            throw new RunFailedException($"{error.Message} The step's explanations are in {file}.", error);
        }

        KeepSamples(step, batch);
        phases.End("samples");
        JsonObject metrics = TeacherMetrics.Of(step + 1, batch, config.GroupSize, format, update.LogProbs, reference_);
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

    // Of the first explanation of each group: all would cost another pass over the step's tokens.
    private double Entropy(RolloutBatch batch) => SequenceScorer.MeanEntropy(
        policy.Decoder, [.. batch.Sequences.Where((_, i) => i % config.GroupSize == 0)], LossTemperature, config.ScoringTokens);

    private void PullReference(int stepsDone)
    {
        if (reference is not null && config.ReferenceSyncSteps > 0 && stepsDone % config.ReferenceSyncSteps == 0)
        {
            ReferenceSync.Mix(reference, policy.Decoder, config.ReferenceSyncMix);
        }
    }

    // Groups whose rewards are all alike teach nothing; where asked for, further questions take their place.
    private RolloutBatch Sample(int step, PhaseClock phases)
    {
        RolloutBatch batch = Round(step, 0, config.QuestionsPerStep, phases);
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

    private RolloutBatch Round(int step, int round, int questions, PhaseClock phases)
    {
        // Further rounds draw from permutations of their own, so that the main order does not depend on the rewards.
        int[] chosen = EpochOrder.Slice(tasks.Count, step, config.QuestionsPerStep, round == 0 ? config.Seed : (long)RandomStream.Key(config.Seed, round), config.Shuffle)[..questions];
        ulong[][] streams = [.. chosen.Select((question, place) => Streams(step, round, question, place))];
        IReadOnlyList<Explanation> rollouts = _explainer.Explain([.. chosen.Select(q => tasks[q])], streams);
        phases.End("sample", rollouts.Sum(rollout => rollout.Sample.Ids.Length));
        TeachingCase[] cases = [.. rollouts.Select(r => TeachingCase.Build(format, r.Task, r.Text, policy.Tokenizer, student.Tokenizer))];
        IReadOnlyList<ScoredCase> scores = _scorer.Score(cases);
        phases.End("score", cases.Sum(c => (long)c.Teacher.Ids.Length + c.Student.Ids.Length));
        return new RolloutBatch(rollouts, scores, cases, GroupAdvantage.From([.. scores.Select(score => score.Reward.Total)], config.GroupSize, config.Loss.NormalizeByStd));
    }

    // One optimizer step, or several, on shares of the groups or on all again; the samples' own log-probabilities are then the old ones.
    private UpdateRecord Learn(int step, RolloutBatch batch, float[][]? reference_, GradientStore gradients, AdamW optimizer, PhaseClock phases)
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
            bool[] counts = [.. share.Select(i => !config.Loss.MaskTruncated || batch.Rollouts[i].Sample.Finish == FinishReason.Stop)];
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

    private GrpoTokens Tokens(RolloutBatch batch, int[] share, int[] rows, float[] weights, float[][]? reference_, Device device)
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
            RandomStream.Key(config.Seed, step, round, question, tasks.Count < config.QuestionsPerStep ? place : 0, sample))];

    // The tasks' solutions without an explanation are scored too, so that one sees what each explanation adds.
    private void KeepSamples(int step, RolloutBatch batch)
    {
        int[] kept = KeptSamples.Of([.. batch.Scores.Select(score => score.Reward.Total)], config.GroupSize, config.SamplesKept);
        TeachingCase[] unexplained = [.. kept.Select(i => TokenDetails.Unexplained(format, batch.Rollouts[i].Task, policy.Tokenizer, student.Tokenizer))];
        float[][] without = _scorer.Solutions(unexplained);
        RunRows.Append(folder.Samples, kept.Select((index, k) => RolloutRow.Of(step + 1, batch, index, unexplained[k], without[k])));
    }

    private sealed record UpdateRecord(double Loss, double GradNorm, double LearningRate, float[][] LogProbs, ClipRatio? Clipped);
}
