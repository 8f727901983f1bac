using Rlt.Configuration;
using Rlt.Data;

namespace Rlt.Evaluation;

/// <summary>Evaluating a model on questions with a <c>\boxed{}</c> answer.</summary>
public sealed record EvalConfig : IValidated
{
    /// <summary>The model directory.</summary>
    public required string Model { get; init; }

    /// <summary>A JSONL, JSON or CSV file of questions with an answer, or a solution that boxes it.</summary>
    public required string Data { get; init; }

    /// <summary>The run's directory: <c>results.jsonl</c>, one row a sample, and <c>summary.json</c>.</summary>
    public required string Out { get; init; }

    /// <summary>The tags and system prompts: a shipped format's name (stratos, r1, small) or a file; the student's system prompt is used.</summary>
    public required string Format { get; init; }

    /// <summary>Answers sampled for each question.</summary>
    public int Samples { get; init; } = 1;

    /// <summary>Sampling temperature; 0 takes the likeliest tokens.</summary>
    public double Temperature { get; init; }

    /// <summary>Keeps the likeliest tokens whose probabilities add up to this.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Tokens of an answer at most.</summary>
    public int MaxNewTokens { get; init; } = 16384;

    /// <summary>Answers sampled at once.</summary>
    public int SamplingRows { get; init; } = 64;

    /// <summary>Questions between two writes of the results: what a stop can lose.</summary>
    public int BlockSize { get; init; } = 256;

    /// <summary>Columns of the data that do not have their usual names.</summary>
    public FieldNames Fields { get; init; } = new();

    /// <summary>The share of the data's rows that may be left out, with a warning, because they cannot be used; more stop the run.</summary>
    public double MaxBadRows { get; init; } = 0.01;

    /// <summary>Rows read at most; 0 reads all.</summary>
    public int Limit { get; init; }

    /// <summary>Seeds the samples.</summary>
    public long Seed { get; init; }

    /// <summary>Device, precision and threads.</summary>
    public DeviceConfig Device { get; init; } = new();

    /// <summary>The data and how to read it.</summary>
    public DataSource Source => new(Data) { Fields = Fields, MaxBadRows = MaxBadRows, Limit = Limit };

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Problems() =>
    [
        .. Ranges.Share(nameof(MaxBadRows), MaxBadRows),
        .. Ranges.Sampling(Temperature, TopP),
        .. Ranges.AtLeastOne((nameof(Samples), Samples), (nameof(MaxNewTokens), MaxNewTokens), (nameof(SamplingRows), SamplingRows), (nameof(BlockSize), BlockSize)),
        .. Ranges.NotNegative((nameof(Limit), Limit)),
        .. EqualSamples(),
    ];

    private IEnumerable<ConfigProblem> EqualSamples() => Samples > 1 && Temperature == 0
        ? [new ConfigProblem(nameof(Samples), $"is {Samples} at temperature 0, where all are alike. Set temperature, or samples: 1")]
        : [];
}
