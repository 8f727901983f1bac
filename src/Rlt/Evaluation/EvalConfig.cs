using System.Text.Json.Nodes;
using Rlt.Configuration;
using Rlt.Configuration.Resuming;
using Rlt.Data;
using Rlt.Evaluation.Protocols;
using Rlt.Evaluation.Serving;

namespace Rlt.Evaluation;

/// <summary>Evaluating a model on questions whose answers can be checked.</summary>
public sealed record EvalConfig : DataRunConfig
{
    /// <summary>The model directory; with a server, the name that it serves the model by.</summary>
    [ConfigPath(PathKind.Model, NameBeside = "server.url")]
    public required string Model { get; init; }

    /// <summary>A Parquet, JSONL, JSON or CSV file, a data set's folder or its Hub id: questions with an answer, or a solution that boxes it.</summary>
    [ConfigPath(PathKind.Data)]
    public string? Data { get; init; }

    /// <summary>The run's directory: <c>results.jsonl</c>, one row a sample, and <c>summary.json</c>.</summary>
    [ConfigPath(PathKind.Run)]
    public override required string Out { get; init; }

    /// <summary>A shipped benchmark (aime24, aime25, math500, gpqa-diamond, gsm8k, amc, olympiadbench) or a file; null: the questions as they stand.</summary>
    [ConfigPath(PathKind.FileOrName)]
    public string? Benchmark { get; init; }

    /// <summary>By whose rules the system prompt is chosen and responses are scored.</summary>
    public Protocol Protocol { get; init; } = Protocol.Strict;

    /// <summary>A shipped format (stratos, r1, small) or a file, whose student's system prompt the strict protocol uses; null: a row's own, or none.</summary>
    [ConfigPath(PathKind.FileOrName)]
    public string? Format { get; init; }

    /// <summary>The system prompt of every question, before any rule; null: the protocol's rule.</summary>
    public string? System { get; init; }

    /// <summary>Further variables of the chat template, such as enable_thinking: false; a server gets them as chat_template_kwargs. Null for none.</summary>
    public JsonObject? TemplateArgs { get; init; }

    /// <summary>
    /// Whether prompts open the thought, so that a response without its closing tag is no answer; null: as the template does, which with a server's
    /// chat is not known here.
    /// </summary>
    public bool? ThoughtOpened { get; init; }

    /// <summary>The model's Hub name, by which the skythought protocol chooses its system prompt; null: as <see cref="Model"/> says.</summary>
    public string? ModelId { get; init; }

    /// <summary>Whether results hold the questions and responses of a benchmark that must not be published.</summary>
    public bool ShowQuestions { get; init; }

    /// <summary>A server that answers instead of the engine in this process.</summary>
    public ServerConfig Server { get; init; } = new();

    /// <summary>Answers sampled for each question; null: the benchmark's, else 1.</summary>
    public int? Samples { get; init; }

    /// <summary>Sampling temperature, 0 takes the likeliest tokens; null: the benchmark's, else 0.</summary>
    public double? Temperature { get; init; }

    /// <summary>Keeps the likeliest tokens whose probabilities add up to this; null: the benchmark's, else 1.</summary>
    public double? TopP { get; init; }

    /// <summary>Tokens of an answer at most; null: the benchmark's, else 16384.</summary>
    public int? MaxNewTokens { get; init; }

    /// <summary>Answers sampled at once.</summary>
    [MayChange]
    public int SamplingRows { get; init; } = 64;

    /// <summary>Questions between two writes of the results: what a stop can lose.</summary>
    [MayChange]
    public int BlockSize { get; init; } = 256;

    /// <summary>The data and how to read it; there must be data.</summary>
    public DataSource Source => SourceOf(Data!);

    /// <summary>The config with how answers are drawn filled in.</summary>
    public EvalConfig Resolved(EvalSampling sampling) => this with
    {
        Samples = sampling.Samples, Temperature = sampling.Temperature, TopP = sampling.TopP, MaxNewTokens = sampling.MaxNewTokens,
    };

    /// <inheritdoc/>
    public override IEnumerable<ConfigProblem> Problems() =>
    [
        .. TemplateArguments.Problems(TemplateArgs),
        .. Ranges.Share(nameof(MaxBadRows), MaxBadRows),
        .. Ranges.Sampling(Temperature ?? 0, TopP ?? 1),
        .. Ranges.AtLeastOne((nameof(Samples), Samples ?? 1), (nameof(MaxNewTokens), MaxNewTokens ?? 1),
            (nameof(SamplingRows), SamplingRows), (nameof(BlockSize), BlockSize)),
        .. Ranges.NotNegative((nameof(Limit), Limit)),
        .. EqualSamples(),
    ];

    // A benchmark may set the temperature; then it is checked with it.
    private IEnumerable<ConfigProblem> EqualSamples() => Samples > 1 && (Temperature ?? (Benchmark is null ? 0 : 1)) == 0
        ? [new ConfigProblem(nameof(Samples), $"is {Samples} at temperature 0, where all are alike. Set temperature, or samples: 1")]
        : [];
}
