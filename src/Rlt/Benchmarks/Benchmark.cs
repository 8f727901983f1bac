using System.Text.Json.Nodes;
using Rlt.Generation;
using Rlt.Models;
using Rlt.Models.Gradients;
using Rlt.Platform;
using Rlt.Statistics;
using Rlt.Training;
using Rlt.Training.Grpo;
using Rlt.Training.OnPolicy;
using Rlt.Training.Optimization;
using static TorchSharp.torch;

namespace Rlt.Benchmarks;

/// <summary>Measures the engine on random tokens: what a run's phases cost on this machine, and how close that is to the machine's limits.</summary>
public sealed class Benchmark
{
    private const double Temperature = 0.7;
    private const double LearningRate = 1e-6;
    private readonly Decoder _model;
    private readonly BenchOptions _options;
    private readonly MachineLimits _limits;

    /// <summary>A benchmark of a model, whose weights a training part changes.</summary>
    public Benchmark(Decoder model, BenchOptions options, MachineLimits limits) => (_model, _options, _limits) = (model, options, limits);

    /// <summary>Runs the chosen parts.</summary>
    /// <returns>A JSON object with one entry for each part.</returns>
    public JsonObject Run()
    {
        var parts = new (BenchParts Part, string Name, Func<JsonNode> Measure)[]
        {
            (BenchParts.Prefill, "prefill", Prefill), (BenchParts.Decode, "decode", Decode), (BenchParts.Uneven, "uneven", Uneven),
            (BenchParts.Score, "score", Score), (BenchParts.Sft, "sft_step", SftStep), (BenchParts.Grpo, "grpo_step", GrpoStep),
            (BenchParts.Opd, "opd_step", OpdStep),
        };
        var result = new JsonObject();
        foreach ((BenchParts part, string name, Func<JsonNode> measure) in parts)
        {
            if (_options.Parts.HasFlag(part))
            {
                using var scope = NewDisposeScope();
                result[name] = measure();
            }
        }

        return result;
    }

    private JsonObject Prefill()
    {
        int rows = Math.Max(1, _options.TokenBudget / _options.Prompt);
        double seconds = Stopwatches.Median(() => Sample(rows, 1), _model.Device, _options.Repetitions);
        return Rate(rows * _options.Prompt, seconds, Arithmetic.ForwardFlops(_model.Config, _options.Prompt / 2.0));
    }

    private JsonObject Decode()
    {
        var byRows = new JsonObject();
        foreach (int rows in _options.Rows)
        {
            double[] runs = [.. Enumerable.Range(0, _options.Repetitions + 1).Select(_ => DecodeSeconds(rows)).Skip(1).Order()];
            double seconds = runs[runs.Length / 2];
            double context = _options.Prompt + (_options.NewTokens / 2.0);
            JsonObject measured = Rate(rows * (_options.NewTokens - 1), seconds, Arithmetic.ForwardFlops(_model.Config, context));
            int weightSize = (int)_model.Embedding.Value.ElementSize, activationSize = Precision.Bytes(_model.ActivationType);
            double bytes = Arithmetic.DecodeBytes(_model.Config, rows, context, weightSize, activationSize) * (_options.NewTokens - 1) / seconds;
            measured["copy_bandwidth_share"] = Math.Round(bytes / _limits.CopyBytes, 3);
            byRows[$"{rows}"] = measured;
        }

        return byRows;
    }

    // The loop of Generation/SamplingEngine from the first drawn token on, without its prompts.
    private double DecodeSeconds(int count)
    {
        using var batch = new RowBatch(_model, null);
        var options = new SamplingOptions { Temperature = Temperature };
        batch.Enter([.. Enumerable.Range(0, count).Select(row => new SampleRow(
            Ids(_options.Prompt, row), RandomStream.Key(row), options, _options.NewTokens))]);
        return Stopwatches.Time(
            () =>
            {
                for (int step = 1; step < _options.NewTokens; step++)
                {
                    batch.Step();
                }
            },
            _model.Device);
    }

    // A queue of samples long enough to keep all rows at work until the long one, which comes first, has ended.
    private JsonObject Uneven()
    {
        const int Rows = 64, Rounds = 12, Longer = 10;
        int tokens = Math.Max(1, _options.NewTokens / Longer);
        var engine = new SamplingEngine(_model, null, new SamplingOptions { Temperature = Temperature, MaxNewTokens = tokens, MaxRows = Rows });
        double even = Rate(tokens), oneLong = Rate(tokens * Longer);
        return new JsonObject { ["even_tokens_per_second"] = Math.Round(even, 1), ["one_long_tokens_per_second"] = Math.Round(oneLong, 1),
            ["ratio"] = Math.Round(oneLong / even, 3) };

        double Rate(int first)
        {
            SamplingRequest[] requests = [new(Ids(_options.Prompt, 0), Streams(0, 1)) { MaxNewTokens = first },
                new(Ids(_options.Prompt, 1), Streams(1, (Rows * Rounds) - 1))];
            double seconds = Stopwatches.Median(() => engine.Run(requests), _model.Device, _options.Repetitions);
            return (first + (((Rows * Rounds) - 1.0) * tokens)) / seconds;
        }
    }

    private JsonObject Score()
    {
        TokenSequence[] sequences = Sequences(_options.Batch, _options.Tokens, seed: 1);
        double seconds = Stopwatches.Median(() => SequenceScorer.LogProbs(_model, sequences, 1, _options.TokenBudget), _model.Device, _options.Repetitions);
        return Rate(_options.Batch * _options.Tokens, seconds, Arithmetic.ForwardFlops(_model.Config, _options.Tokens / 2.0));
    }

    private JsonObject SftStep()
    {
        using var gradients = new GradientStore(_model);
        using var optimizer = new AdamW(_model, new AdamWOptions());
        TokenSequence[] sequences = Sequences(_options.Batch, _options.Tokens, seed: 2);
        double targets = sequences.Sum(sequence => sequence.ScoredCount);
        double seconds = Stopwatches.Median(Step, _model.Device, _options.Repetitions);
        return Rate(_options.Batch * _options.Tokens, seconds, Arithmetic.TrainingFlops(_model.Config, _options.Tokens / 2.0));

        void Step()
        {
            (double loss, _) = MicroBatches.Backward(
                _model, gradients, sequences, 1, _options.TokenBudget, keepGraphs: !_options.Recompute, (logProbs_N, _) => logProbs_N.sum() * (-1.0 / targets));
            Update.ClipAndStep(gradients, optimizer, LearningRate, 1, 0, loss);
        }
    }

    // The step of Training/TeacherTrainer on random tokens; the model is its own student and reference.
    private JsonObject GrpoStep()
    {
        using var gradients = new GradientStore(_model);
        using var optimizer = new AdamW(_model, new AdamWOptions());
        int samples = _options.Questions * _options.Group;
        Step(new PhaseClock());
        var phases = new PhaseClock();
        (long state, long sent) = (0, _model.Sharding.Ranks.Traffic.Total);
        double total = Stopwatches.Time(() => Step(phases), _model.Device);
        sent = _model.Sharding.Ranks.Traffic.Total - sent;
        var result = new JsonObject { ["questions"] = _options.Questions, ["group"] = _options.Group };
        phases.AddTo(result);
        result["samples_per_second"] = Math.Round(samples / total, 2);
        result["state_mib"] = Math.Round(state / (double)(1 << 20), 1);
        if (_model.Sharding.Ranks.Size > 1)
        {
            result["sent_mib"] = Math.Round(sent / (double)(1 << 20), 1);
        }

        result["tokens_per_second"] = Math.Round(samples * (double)(_options.Prompt + _options.NewTokens) / total, 1);
        return result;

        void Step(PhaseClock clock)
        {
            var engine = new SamplingEngine(
                _model, null, new SamplingOptions { Temperature = Temperature, MaxNewTokens = _options.NewTokens, MaxRows = samples });
            SamplingRequest[] requests = [.. Enumerable.Range(0, _options.Questions).Select(
                q => new SamplingRequest(Ids(_options.Prompt, q), Streams(q, _options.Group)))];
            Sample[][] drawn = engine.Run(requests);
            TokenSequence[] sequences = [.. drawn.SelectMany(
                (group, q) => group.Select(sample => new TokenSequence([.. requests[q].Prompt, .. sample.Ids], _options.Prompt)))];
            clock.End("sample", samples * _options.NewTokens);
            SequenceScorer.LogProbs(_model, sequences, Temperature, _options.TokenBudget);
            clock.End("score");
            float[][] reference = SequenceScorer.LogProbs(_model, sequences, Temperature, _options.TokenBudget);
            clock.End("reference");
            float[] weights = TokenWeights.Of(sequences, [.. sequences.Select(_ => true)], LossAggregation.Sequence, _options.NewTokens);
            (double loss, _) = MicroBatches.Backward(
                _model, gradients, sequences, Temperature, _options.TokenBudget, keepGraphs: !_options.Recompute,
                (logProbs_N, rows) => GrpoLoss.Compute(logProbs_N, Tokens(sequences, weights, reference, rows), new GrpoOptions()));
            clock.End("backward");
            state = gradients.HeldBytes + optimizer.Pieces.Sum(piece => piece.Value.numel() * sizeof(float));
            Update.ClipAndStep(gradients, optimizer, LearningRate, 1, 0, loss);
            clock.End("optimizer");
        }
    }

    // The step of Training/OnPolicy on random tokens, with a teacher of the model's shape; and its sampling, a pass of the teacher over the same tokens, and
    // a fine-tuning step on them, each alone.
    private JsonObject OpdStep()
    {
        using var gradients = new GradientStore(_model);
        using var optimizer = new AdamW(_model, new AdamWOptions());
        using Decoder teacher = ModelFiles.Random(_model.Config, 1, _model.Dtype, _model.Device);
        var config = new OnPolicyConfig { MaxNewTokens = _options.NewTokens, Temperature = Temperature };
        int samples = _options.Questions * _options.Group;
        TokenSequence[] drawn = Draw();
        double targets = samples * (double)_options.NewTokens;
        double sample = Seconds(() => Draw());
        double asked = Seconds(() => SequenceScorer.LogProbs(teacher, drawn, Temperature, _options.TokenBudget));
        double learned = Seconds(() => Update.ClipAndStep(gradients, optimizer, LearningRate, 1, 0, MicroBatches.Backward(
            _model, gradients, drawn, Temperature, _options.TokenBudget, !_options.Recompute, (logProbs_N, _) => logProbs_N.sum() * (-1.0 / targets)).Loss));
        double step = Seconds(Step);
        return new JsonObject
        {
            ["samples"] = samples,
            ["seconds"] = Math.Round(step, 4),
            ["seconds_sample"] = Math.Round(sample, 4),
            ["seconds_teacher_pass"] = Math.Round(asked, 4),
            ["seconds_training_pass"] = Math.Round(learned, 4),
            ["ratio_to_parts"] = Math.Round(step / (sample + asked + learned), 3),
            ["tokens_per_second"] = Math.Round(samples * (double)(_options.Prompt + _options.NewTokens) / step, 1),
        };

        double Seconds(Action work) => Stopwatches.Median(work, _model.Device, _options.Repetitions);

        TokenSequence[] Draw()
        {
            var engine = new SamplingEngine(
                _model, null, new SamplingOptions { Temperature = Temperature, MaxNewTokens = _options.NewTokens, MaxRows = samples });
            SamplingRequest[] requests = [.. Enumerable.Range(0, _options.Questions)
                .Select(q => new SamplingRequest(Ids(_options.Prompt, q), Streams(q, _options.Group)))];
            return [.. engine.Run(requests).SelectMany((group, q) => group
                .Select(one => new TokenSequence([.. requests[q].Prompt, .. one.Ids], _options.Prompt)))];
        }

        void Step()
        {
            AlignedAnswer[] answers = [.. Draw().Select(sequence => new AlignedAnswer(sequence, sequence, null))];
            float[] weights = [.. answers.Select(_ => (float)(1 / targets))];
            double loss = new DistillationPass(_model, teacher, null, config, gradients) { TokenBudget = _options.TokenBudget, KeepGraphs = !_options.Recompute }
                .Backward(answers, weights, 0, new PhaseClock()).Loss;
            Update.ClipAndStep(gradients, optimizer, LearningRate, 1, 0, loss);
        }
    }

    private GrpoTokens Tokens(TokenSequence[] sequences, float[] weights, float[][] reference, int[] rows)
    {
        return new GrpoTokens(
            PerToken(row => row % 2 == 0 ? 1 : -1), PerToken(row => weights[row]), Places(), null,
                tensor(rows.SelectMany(row => reference[row]).ToArray(), device: _model.Device));

        Tensor PerToken(Func<int, float> value) =>
            tensor(rows.SelectMany(row => Enumerable.Repeat(value(row), sequences[row].ScoredCount)).ToArray(), device: _model.Device);

        Tensor Places() => tensor(rows.SelectMany((row, place) => Enumerable.Repeat((long)place, sequences[row].ScoredCount)).ToArray(), device: _model.Device);
    }

    private void Sample(int rows, int newTokens)
    {
        var engine = new SamplingEngine(_model, null, new SamplingOptions { Temperature = Temperature, MaxNewTokens = newTokens, MaxRows = rows });
        engine.Run([.. Enumerable.Range(0, rows).Select(row => new SamplingRequest(Ids(_options.Prompt, row), Streams(row, 1)))]);
    }

    private JsonObject Rate(double tokens, double seconds, double flopsPerToken) => new()
    {
        ["tokens_per_second"] = Math.Round(tokens / seconds, 1),
        ["gemm_peak_share"] = Math.Round(tokens / seconds * flopsPerToken / _limits.GemmFlops, 3),
    };

    private TokenSequence[] Sequences(int count, int tokens, int seed) =>
        [.. Enumerable.Range(0, count).Select(i => new TokenSequence(Ids(tokens + 1, (seed * 1000) + i), 1))];

    private int[] Ids(int count, int seed) =>
        [.. Enumerable.Range(0, count).Select(i => (int)(RandomStream.Uniform(RandomStream.Key(seed), i) * _model.Config.VocabularySize))];

    private static ulong[] Streams(int question, int count) => [.. Enumerable.Range(0, count).Select(sample => RandomStream.Key(question, sample))];
}
