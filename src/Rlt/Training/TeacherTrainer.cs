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

    private readonly RewardScorer _scorer = new(policy.Decoder, student.Decoder, config.Reward, config.ScoringTokens);

    /// <summary>Trains, going on from the newest checkpoint, and writes the finished teacher.</summary>
    public void Run(CancellationToken stop)
    {
        using var gradients = new GradientStore(policy.Decoder.Parameters);
        using var optimizer = new AdamW(gradients.Parameters, config.Optimizer.ToAdamW());
        var checkpoint = new TrainingCheckpoint(folder, policy.Decoder, optimizer, reference, policy.Directory);
        int step = checkpoint.ResumeOrStart();
        observer.Started(step, config.Steps);
        while (step < config.Steps)
        {
            JsonObject metrics = Step(step, gradients, optimizer);
            step++;
            if (reference is not null && config.ReferenceSyncSteps > 0 && step % config.ReferenceSyncSteps == 0)
            {
                ReferenceSync.Mix(reference, policy.Decoder, config.ReferenceSyncMix);
            }

            folder.Append(metrics);
            observer.Stepped(metrics);
            bool stopping = stop.IsCancellationRequested && step < config.Steps;
            if (stopping || (config.SaveEvery > 0 && step % config.SaveEvery == 0 && step < config.Steps))
            {
                checkpoint.Save(step);
            }

            if (stopping)
            {
                throw new OperationCanceledException(stop);
            }
        }

        ModelFiles.Save(policy.Decoder, folder.Model, policy.Directory);
    }

    private JsonObject Step(int step, GradientStore gradients, AdamW optimizer)
    {
        var phases = new PhaseClock();
        int[] questions = EpochOrder.Slice(tasks.Count, step, config.QuestionsPerStep, config.Seed);
        ulong[][] streams = [.. questions.Select((question, place) => Streams(step, question, place))];
        IReadOnlyList<Explanation> rollouts = _explainer.Explain([.. questions.Select(q => tasks[q])], streams);
        phases.End("sample");

        TeachingCase[] cases = [.. rollouts.Select(r => TeachingCase.Build(format, r.Task, r.Text, policy.Tokenizer, student.Tokenizer))];
        IReadOnlyList<ScoredCase> scores = _scorer.Score(cases);
        float[] advantages = GroupAdvantage.From([.. scores.Select(score => score.Reward.Total)], config.GroupSize);
        phases.End("score");

        TokenSequence[] sequences = [.. rollouts.Select(r => new TokenSequence([.. r.Prompt, .. r.Sample.Ids], r.Prompt.Length))];
        float[][]? referenceLogProbs = reference is null ? null : SequenceScorer.LogProbs(reference, sequences, config.Temperature, config.ScoringTokens);
        phases.End("reference");

        (double loss, float[][] logProbs) = MicroBatches.Backward(
            policy.Decoder, gradients, sequences, config.Temperature, config.MicroBatchTokens, keepGraphs: !config.Recompute,
            (logProbs_N, indices) => Loss(logProbs_N, indices, sequences, referenceLogProbs, advantages));
        phases.End("backward");

        double learningRate = LearningRateSchedule.At(
            config.Optimizer.Schedule, config.Optimizer.LearningRate, step, config.Steps, config.Optimizer.WarmupRatio);
        double norm = Update.ClipAndStep(gradients, optimizer, learningRate, config.Optimizer.MaxGradNorm, step, loss);
        phases.End("optimizer");

        KeepSamples(step, rollouts, scores, advantages);
        JsonObject metrics = TeacherMetrics.Of(step + 1, rollouts, scores, config.GroupSize, format, logProbs, referenceLogProbs);
        metrics["loss"] = loss;
        metrics["grad_norm"] = norm;
        metrics["learning_rate"] = learningRate;
        phases.AddTo(metrics, rollouts.Sum(r => r.Sample.Ids.Length));
        ResourceMetrics.AddTo(metrics);
        return metrics;
    }

    // A sample's stream is keyed by what it is, not by where in the batch it runs. The place tells apart two visits to one question in one step.
    private ulong[] Streams(int step, int question, int place) =>
        [.. Enumerable.Range(0, config.GroupSize).Select(sample => RandomStream.Key(config.Seed, step, question, tasks.Count < config.QuestionsPerStep ? place : 0, sample))];

    private Tensor Loss(Tensor logProbs_N, int[] indices, TokenSequence[] sequences, float[][]? referenceLogProbs, float[] advantages)
    {
        Device device = logProbs_N.device;
        float[] perToken = [.. indices.SelectMany(i => Enumerable.Repeat(advantages[i], sequences[i].ScoredCount))];
        float[] weights = [.. indices.SelectMany(i => Enumerable.Repeat(1f / sequences[i].ScoredCount / sequences.Length, sequences[i].ScoredCount))];
        Tensor? reference_N = referenceLogProbs is null ? null : tensor(indices.SelectMany(i => referenceLogProbs[i]).ToArray(), device: device);
        return GrpoLoss.Compute(logProbs_N, reference_N, tensor(perToken, device: device), tensor(weights, device: device), config.Beta);
    }

    private void KeepSamples(int step, IReadOnlyList<Explanation> rollouts, IReadOnlyList<ScoredCase> scores, float[] advantages)
    {
        using var file = new StreamWriter(folder.Samples, append: true);
        for (int i = 0; i < Math.Min(config.SamplesKept, rollouts.Count); i++)
        {
            file.WriteLine(JsonLines.Line(new JsonObject
            {
                ["step"] = step + 1,
                ["question"] = rollouts[i].Task.Question,
                ["solution"] = rollouts[i].Task.Solution,
                ["completion"] = rollouts[i].Text,
                ["reward"] = scores[i].Reward.Total,
                ["solution_score"] = scores[i].Reward.SolutionScore,
                ["think_kl"] = scores[i].Reward.ThinkKl,
                ["advantage"] = advantages[i],
            }));
        }
    }
}
