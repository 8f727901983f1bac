using System.Text.Json.Nodes;
using Rlt.Configuration;
using Rlt.Configuration.Resuming;
using Rlt.Data;
using Rlt.Teaching.Rewards;

namespace Rlt.Teaching.Collection;

/// <summary>Which of a question's explanations become traces.</summary>
public enum TraceChoice
{
    /// <summary>The first that is usable: it has its closing tag and is not empty.</summary>
    First,

    /// <summary>The usable one that is best by <see cref="CollectConfig.BestBy"/>.</summary>
    Best,

    /// <summary>All usable ones.</summary>
    All,
}

/// <summary>Collecting a teacher's explanations for a whole question set.</summary>
public sealed record CollectConfig : DataRunConfig
{
    /// <summary>The teacher's model directory; with a server and no student, its config and tokenizer suffice.</summary>
    [ConfigPath(PathKind.Model)]
    public required string Model { get; init; }

    /// <summary>A Parquet, JSONL, JSON or CSV file, a data set's folder or its Hub id: questions and solutions.</summary>
    [ConfigPath(PathKind.Data)]
    public required string Data { get; init; }

    /// <summary>The run's directory; the traces are in its <c>traces.jsonl</c>.</summary>
    [ConfigPath(PathKind.Run)]
    public override required string Out { get; init; }

    /// <summary>The tags and system prompts: a shipped format's name (stratos, r1, small) or a file; null: those of the teacher's training.</summary>
    [ConfigPath(PathKind.FileOrName)]
    public string? Format { get; init; }

    /// <summary>A frozen student: each trace then has its reward. Needed to keep the best by anything but its length.</summary>
    [ConfigPath(PathKind.Model)]
    public string? Student { get; init; }

    /// <summary>The reward's weights, where there is a student; null: those of the teacher's training, else the paper's.</summary>
    public RewardOptions? Reward { get; init; }

    /// <summary>Further variables of the teacher's chat template, such as enable_thinking: false; null for none.</summary>
    public JsonObject? TemplateArgs { get; init; }

    /// <summary>A server that samples instead of the engine in this process; scoring stays here.</summary>
    public TeacherServer Server { get; init; } = new();

    /// <summary>Explanations sampled for each question.</summary>
    public int Samples { get; init; } = 1;

    /// <summary>first, best or all.</summary>
    public TraceChoice Keep { get; init; } = TraceChoice.First;

    /// <summary>
    /// By what the best is told: reward; likelihood (the student's mean log-likelihood of explanation and solution); surprise (the highest mean of
    /// its surprisal over a window of them; the least is the best); length (the shortest explanation).
    /// </summary>
    public TraceMeasure BestBy { get; init; }

    /// <summary>Tokens of the window of a trace's surprise.</summary>
    public int SurpriseWindow { get; init; } = TraceMeasures.DefaultWindow;

    /// <summary>Sampling temperature.</summary>
    public double Temperature { get; init; } = 0.7;

    /// <summary>Keeps the likeliest tokens whose probabilities add up to this.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Tokens of an explanation at most.</summary>
    public int MaxNewTokens { get; init; } = 16384;

    /// <summary>Explanations sampled at once.</summary>
    [MayChange]
    public int SamplingRows { get; init; } = 64;

    /// <summary>Tokens of one scoring pass.</summary>
    [MayChange]
    public int ScoringTokens { get; init; } = 16384;

    /// <summary>Questions between two writes of the traces: what a stop can lose.</summary>
    [MayChange]
    public int BlockSize { get; init; } = 256;

    /// <summary>The data and how to read it.</summary>
    public DataSource Source => SourceOf(Data);

    /// <inheritdoc/>
    public override IEnumerable<ConfigProblem> Problems() =>
    [
        .. TemplateArguments.Problems(TemplateArgs),
        .. Ranges.Share(nameof(MaxBadRows), MaxBadRows),
        .. Ranges.Sampling(Temperature, TopP),
        .. Ranges.AtLeastOne(
            (nameof(Samples), Samples), (nameof(MaxNewTokens), MaxNewTokens), (nameof(SamplingRows), SamplingRows),
            (nameof(ScoringTokens), ScoringTokens), (nameof(BlockSize), BlockSize), (nameof(SurpriseWindow), SurpriseWindow)),
        .. Ranges.NotNegative((nameof(Limit), Limit)),
        .. BestWithoutStudent(),
    ];

    private IEnumerable<ConfigProblem> BestWithoutStudent() => Keep == TraceChoice.Best && BestBy != TraceMeasure.Length && Student is null
        ? [new ConfigProblem(nameof(Keep), $"is best (by {BestBy.Field()}), which needs a student to score with. Set student, keep: first, or best_by: length")]
        : [];
}
