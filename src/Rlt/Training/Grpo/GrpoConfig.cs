using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Rlt.Configuration;
using Rlt.Configuration.Resuming;
using Rlt.Data;

namespace Rlt.Training.Grpo;

/// <summary>What every GRPO run has, whatever its policy writes and is rewarded for.</summary>
public abstract record GrpoConfig : TrainingConfig
{
    /// <summary>Starts from a checkpoint every 25 steps.</summary>
    protected GrpoConfig() => SaveEvery = 25;

    /// <summary>The policy's initial weights: a model directory.</summary>
    [ConfigPath(PathKind.Model)]
    public required string Model { get; init; }

    /// <summary>A Parquet, JSONL, JSON or CSV file, a data set's folder or its Hub id: questions.</summary>
    [ConfigPath(PathKind.Data)]
    public required string Data { get; init; }

    /// <summary>The run's directory; the finished policy is in its <c>model</c>.</summary>
    [ConfigPath(PathKind.Run)]
    public override required string Out { get; init; }

    /// <summary>Optimizer steps.</summary>
    /// <remarks>Source: RLT (arXiv 2506.08388): the default of train-teacher is its run's.</remarks>
    [MayChange]
    public int Steps { get; init; } = 125;

    /// <summary>Questions of one step.</summary>
    /// <remarks>Source: RLT (arXiv 2506.08388): the default of train-teacher is its run's.</remarks>
    public int QuestionsPerStep { get; init; } = 16;

    /// <summary>Completions sampled for each question: a group.</summary>
    /// <remarks>Source: RLT (arXiv 2506.08388): the default of train-teacher is its run's.</remarks>
    public int GroupSize { get; init; } = 64;

    /// <summary>A fresh order of the questions each epoch; off, they come as they stand in the file (a curriculum).</summary>
    public bool Shuffle { get; init; } = true;

    /// <summary>Sampling temperature; log-probabilities of the loss are taken at it too.</summary>
    /// <remarks>Source: RLT (arXiv 2506.08388): the default of train-teacher is its run's.</remarks>
    public double Temperature { get; init; } = 0.7;

    /// <summary>Tokens of a completion at most.</summary>
    /// <remarks>Source: RLT (arXiv 2506.08388): the default of train-teacher is its run's.</remarks>
    public int MaxNewTokens { get; init; } = 16384;

    /// <summary>Further variables of the policy's chat template, such as enable_thinking: false; null for none.</summary>
    public JsonObject? TemplateArgs { get; init; }

    /// <summary>Completions sampled at once.</summary>
    [MayChange]
    public int SamplingRows { get; init; } = 64;

    /// <summary>The choices of GRPO's loss.</summary>
    public GrpoOptions Loss { get; init; } = new();

    /// <summary>Steps between pulls of the reference toward the policy; 0 leaves it.</summary>
    /// <remarks>Source: RLT (arXiv 2506.08388): the default of train-teacher is its run's.</remarks>
    public int ReferenceSyncSteps { get; init; } = 32;

    /// <summary>ref ← (1 − mix) · ref + mix · policy.</summary>
    /// <remarks>Source: RLT (arXiv 2506.08388): the default of train-teacher is its run's.</remarks>
    public double ReferenceSyncMix { get; init; } = 0.9;

    /// <summary>The optimizer.</summary>
    public required OptimizerConfig Optimizer { get; init; }

    /// <summary>Tokens of one scoring pass.</summary>
    [MayChange]
    public int ScoringTokens { get; init; } = 16384;

    /// <summary>Completions a step written to samples.jsonl: of its first questions, from the best to the worst.</summary>
    [JsonPropertyOrder(4)]
    [MayChange]
    public int SamplesKept { get; init; } = 4;

    /// <summary>Ends a run that has collapsed, with exit code 3; null leaves it to its steps.</summary>
    [JsonPropertyOrder(6)]
    [MayChange]
    public StopWhen? StopWhen { get; init; }

    /// <summary>The data and how to read it.</summary>
    public DataSource Source => SourceOf(Data);

    /// <summary>When to save, and what to keep.</summary>
    public CheckpointPolicy Checkpoints => new(SaveEvery, SaveMinutes, KeepLast, !KeepBest ? null : Validate is null ? BestMetric.Reward : HeldOutMetric);

    /// <summary>What is measured on held-out questions.</summary>
    public virtual BestMetric HeldOutMetric => BestMetric.HeldOutReward;

    /// <inheritdoc/>
    public override IEnumerable<ConfigProblem> Problems() =>
    [
        .. TemplateArguments.Problems(TemplateArgs),
        .. Ranges.Share(nameof(MaxBadRows), MaxBadRows),
        .. Ranges.Share(nameof(ReferenceSyncMix), ReferenceSyncMix),
        .. Ranges.AtLeastOne(
            (nameof(Steps), Steps), (nameof(QuestionsPerStep), QuestionsPerStep), (nameof(MaxNewTokens), MaxNewTokens),
            (nameof(SamplingRows), SamplingRows), (nameof(ScoringTokens), ScoringTokens)),
        .. Ranges.NotNegative((nameof(MicroBatchTokens), MicroBatchTokens),
            (nameof(ReferenceSyncSteps), ReferenceSyncSteps), (nameof(Limit), Limit), (nameof(SamplesKept), SamplesKept)),
        .. Checkpoints.Problems(),
        .. OwnProblems(),
    ];

    private IEnumerable<ConfigProblem> OwnProblems()
    {
        if (GroupSize < 2)
        {
            yield return new ConfigProblem(nameof(GroupSize), $"is {GroupSize}; GRPO needs at least 2 completions a question. Set it to 4 or more");
        }

        if (Temperature <= 0)
        {
            yield return new ConfigProblem(nameof(Temperature), $"is {Temperature}; expected more than 0: a group of greedy samples has no spread");
        }

        if (Loss.UpdatesPerBatch > QuestionsPerStep)
        {
            yield return new ConfigProblem("loss.updates_per_batch",
                $"is {Loss.UpdatesPerBatch}, more than the {QuestionsPerStep} questions of a step. Set it to {QuestionsPerStep} or less");
        }

        if (Lora is not null && ReferenceSyncSteps > 0)
        {
            yield return new ConfigProblem(nameof(ReferenceSyncSteps),
                $"is {ReferenceSyncSteps}; with lora the reference is the base model itself, which stays as it is. Set it to 0");
        }
    }
}
