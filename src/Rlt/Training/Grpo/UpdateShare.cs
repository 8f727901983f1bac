using Rlt.Models;
using static TorchSharp.torch;

namespace Rlt.Training.Grpo;

/// <summary>The samples of one optimizer step, and what the loss is told of their tokens.</summary>
internal sealed class UpdateShare
{
    private readonly IReadOnlyList<Rollout> _rollouts;
    private readonly float[] _advantages;
    private readonly float[][]? _referenceLogProbs;
    private readonly float[] _weights;
    private readonly bool _reusesSamples;

    /// <summary>A share of a step's rollouts.</summary>
    /// <param name="rollouts">The step's rollouts.</param>
    /// <param name="advantages">Their advantages.</param>
    /// <param name="referenceLogProbs">Their tokens' log-probabilities under the reference; null for none.</param>
    /// <param name="samples">Which of them are learned.</param>
    /// <param name="config">The run's choices.</param>
    public UpdateShare(IReadOnlyList<Rollout> rollouts, float[] advantages, float[][]? referenceLogProbs, int[] samples, GrpoConfig config)
    {
        Samples = samples;
        _rollouts = [.. samples.Select(i => rollouts[i])];
        _advantages = [.. samples.Select(i => advantages[i])];
        _referenceLogProbs = referenceLogProbs is null ? null : [.. samples.Select(i => referenceLogProbs[i])];
        _reusesSamples = config.Loss.ReusesSamples;
        Sequences = [.. _rollouts.Select(rollout => rollout.Sequence)];
        Counts = [.. _rollouts.Select(rollout => !config.Loss.MaskTruncated || !rollout.IsTruncated)];
        _weights = TokenWeights.Of(Sequences, Counts, config.Loss.Aggregation, config.MaxNewTokens);
    }

    /// <summary>Which of the step's rollouts these are.</summary>
    public int[] Samples { get; }

    /// <summary>The rollouts as the policy learns them.</summary>
    public TokenSequence[] Sequences { get; }

    /// <summary>Whether each counts in the loss.</summary>
    public bool[] Counts { get; }

    /// <summary>What the loss is told of the completion tokens of some sequences, one sequence after another.</summary>
    /// <param name="rows">Which of the share's sequences.</param>
    /// <param name="device">Where the tensors are made.</param>
    public GrpoTokens Tokens(int[] rows, Device device)
    {
        return new GrpoTokens(
            PerToken(row => _advantages[row]),
            PerToken(row => _weights[row]),
            tensor(rows.SelectMany((row, place) => Enumerable.Repeat((long)place, Count(row))).ToArray(), device: device),
            _reusesSamples ? tensor(rows.SelectMany(row => _rollouts[row].Sample.LogProbs).ToArray(), device: device) : null,
            _referenceLogProbs is null ? null : tensor(rows.SelectMany(row => _referenceLogProbs[row]).ToArray(), device: device));

        int Count(int row) => Sequences[row].ScoredCount;

        Tensor PerToken(Func<int, float> value) => tensor(rows.SelectMany(row => Enumerable.Repeat(value(row), Count(row))).ToArray(), device: device);
    }

    /// <summary>Counts the clipped tokens of the sequences that count.</summary>
    /// <param name="clipped">The counter.</param>
    /// <param name="logProbs">The tokens' log-probabilities under the policy that learned them.</param>
    public void CountClipped(ClipRatio clipped, float[][] logProbs)
    {
        for (int i = 0; i < _rollouts.Count; i++)
        {
            if (Counts[i])
            {
                clipped.Count(logProbs[i], _rollouts[i].Sample.LogProbs, _advantages[i]);
            }
        }
    }
}
