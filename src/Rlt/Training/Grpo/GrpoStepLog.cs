using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Models;
using Rlt.Runs;

namespace Rlt.Training.Grpo;

/// <summary>What a GRPO step tells of itself: its metrics, some of its samples, and all of them where it failed.</summary>
internal sealed class GrpoStepLog<T>(int step, GrpoConfig config, IGrpoTask<T> task, RunFolder folder, IRunObserver observer)
    where T : Rollout
{
    private readonly ClipRatio? _clipped = config.Loss.ReusesSamples ? new ClipRatio(config.Loss) : null;
    private RolloutBatch<T> _batch = new([], config.GroupSize);
    private float[] _advantages = [];
    private float[][]? _referenceLogProbs;
    private float[][] _logProbs = [];
    private double _entropy;
    private double _loss;
    private double _norm;

    /// <summary>How long each phase takes.</summary>
    public PhaseClock Phases { get; } = new(observer);

    /// <summary>Optimizer steps taken so far.</summary>
    public int Updates { get; private set; }

    /// <summary>What was drawn, and what the reference makes of it.</summary>
    public void Drawn(RolloutBatch<T> batch, float[] advantages, float[][]? referenceLogProbs)
    {
        (_batch, _advantages, _referenceLogProbs, _logProbs) = (batch, advantages, referenceLogProbs, new float[batch.Rollouts.Count][]);
        Phases.End("reference");
    }

    /// <summary>The policy's mean entropy on the rollouts, before it learns them, is known.</summary>
    public void Measured(double entropy)
    {
        _entropy = entropy;
        Phases.End("entropy");
    }

    /// <summary>The gradients of an update are there.</summary>
    public void WentBack(UpdateShare share) => Phases.End("backward", share.Sequences.Sum(sequence => sequence.Ids.Length));

    /// <summary>Takes an optimizer step; where it cannot be taken, the step's completions are written down.</summary>
    /// <returns>The gradients' norm.</returns>
    /// <exception cref="RunFailedException">It cannot; the message names the file.</exception>
    public double Guard(Func<double> update)
    {
        try
        {
            return update();
        }
        catch (RunFailedException error)
        {
            string file = Path.Combine(folder.Path, "failed-step.jsonl");
            JsonLines.Write(file, Enumerable.Range(0, _batch.Rollouts.Count).Select(Row));
            throw new RunFailedException($"{error.Message} The step's completions are in {file}.", error);
        }
    }

    /// <summary>An update is done.</summary>
    /// <param name="share">What was learned.</param>
    /// <param name="loss">Its loss.</param>
    /// <param name="norm">The norm of its gradients.</param>
    /// <param name="logProbs">Its tokens' log-probabilities under the policy that learned them.</param>
    public void Learned(UpdateShare share, double loss, double norm, float[][] logProbs)
    {
        Phases.End("optimizer");
        Updates++;
        _loss += loss;
        _norm = Math.Max(_norm, norm);
        for (int i = 0; i < logProbs.Length; i++)
        {
            // A later pass sees the policy after it has moved.
            _logProbs[share.Samples[i]] ??= logProbs[i];
        }

        if (_clipped is not null)
        {
            share.CountClipped(_clipped, logProbs);
        }
    }

    /// <summary>Writes the step's chosen samples, and gives its metrics.</summary>
    public JsonObject Metrics(double learningRate, Decoder policy)
    {
        KeepSamples();
        Phases.End("samples");
        var metrics = new JsonObject { ["step"] = step + 1 };
        GrpoMetrics.AddTo(metrics, _batch, _logProbs, _referenceLogProbs);
        task.AddMetrics(metrics, _batch);
        metrics["entropy"] = _entropy;
        _clipped?.AddTo(metrics);
        metrics["loss"] = _loss / Math.Max(1, Updates);
        metrics["grad_norm"] = _norm;
        metrics["learning_rate"] = learningRate;
        Phases.AddTo(metrics);
        ResourceMetrics.AddTo(metrics, policy);
        return metrics;
    }

    private void KeepSamples()
    {
        int[] kept = KeptSamples.Of(_batch.Rewards, config.GroupSize, config.SamplesKept);
        JsonObject[] rows = [.. kept.Select(Row)];
        task.AddDetails(rows, [.. kept.Select(i => _batch.Rollouts[i])]);
        RunRows.Append(folder.Samples, rows);
    }

    private JsonObject Row(int index)
    {
        JsonObject row = _batch.Rollouts[index].ToRow();
        row.Insert(0, "step", step + 1);
        row["advantage"] = _advantages[index];
        return row;
    }
}

/// <summary>Chooses which explanations of a step are written down: of its first questions, from the best to the worst.</summary>
internal static class KeptSamples
{
    /// <summary>Indices of the chosen, question by question, in the order of their rewards. A question has at most all of its group.</summary>
    /// <param name="rewards">The rewards, group after group.</param>
    /// <param name="groupSize">Explanations of a question.</param>
    /// <param name="kept">Explanations wanted. Of a group that is not kept whole, ranks at equal distances, the best and the worst among them.</param>
    public static int[] Of(IReadOnlyList<double> rewards, int groupSize, int kept)
    {
        var chosen = new List<int>();
        for (int first = 0; first < rewards.Count && chosen.Count < kept; first += groupSize)
        {
            int[] ranked = [.. Enumerable.Range(first, groupSize).OrderByDescending(i => rewards[i])];
            int count = Math.Min(groupSize, kept - chosen.Count);
            chosen.AddRange(Enumerable.Range(0, count).Select(k => ranked[count == 1 ? 0 : (int)Math.Round(k * (groupSize - 1) / (double)(count - 1))]));
        }

        return [.. chosen];
    }
}
