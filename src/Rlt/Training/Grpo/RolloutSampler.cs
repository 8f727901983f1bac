using Rlt.Statistics;

namespace Rlt.Training.Grpo;

/// <summary>Draws and rewards a step's rollouts: which questions, with which random streams.</summary>
internal sealed class RolloutSampler<T>(GrpoConfig config, IGrpoTask<T> task)
    where T : Rollout
{
    // No step's number.
    private const long HeldOutStreams = -1;

    /// <summary>A step's rollouts. Groups whose rewards are all alike teach nothing; where asked for, further questions take their place.</summary>
    /// <param name="step">The step, from 0.</param>
    /// <param name="phases">Is told how long drawing and rewarding took.</param>
    public RolloutBatch<T> Sample(int step, PhaseClock phases)
    {
        RolloutBatch<T> batch = Round(step, 0, config.QuestionsPerStep, phases);
        for (int round = 1; round <= config.Loss.ResampleRounds; round++)
        {
            batch = batch.WithSpread();
            int wanting = config.QuestionsPerStep - batch.Groups;
            if (wanting == 0)
            {
                break;
            }

            batch = batch.Add(Round(step, round, wanting, phases));
        }

        return batch;
    }

    /// <summary>Rollouts of all questions of a held-out task; their random streams are the same at every step.</summary>
    public IReadOnlyList<T[]> HeldOut(IGrpoTask<T> task, int samples)
    {
        int[] all = [.. Enumerable.Range(0, task.Count)];
        ulong[][] streams = [.. all.Select(question => Enumerable.Range(0, samples)
            .Select(sample => RandomStream.Key(config.Seed, HeldOutStreams, question, sample)).ToArray())];
        return [.. task.Draw(all, streams, new PhaseClock()).Chunk(samples)];
    }

    private RolloutBatch<T> Round(int step, int round, int questions, PhaseClock phases)
    {
        // Further rounds draw from permutations of their own, so that the main order does not depend on the rewards.
        long seed = round == 0 ? config.Seed : (long)RandomStream.Key(config.Seed, round);
        int[] chosen = EpochOrder.Slice(task.Count, step, config.QuestionsPerStep, seed, config.Shuffle)[..questions];
        ulong[][] streams = [.. chosen.Select((question, place) => Streams(step, round, question, place))];
        return new RolloutBatch<T>(task.Draw(chosen, streams, phases), config.GroupSize);
    }

    // A sample's stream is keyed by what it is, not by where in the batch it runs. The place tells apart two visits to one question in one step.
    private ulong[] Streams(int step, int round, int question, int place) =>
        [.. Enumerable.Range(0, config.GroupSize).Select(sample =>
            RandomStream.Key(config.Seed, step, round, question, task.Count < config.QuestionsPerStep ? place : 0, sample))];
}
