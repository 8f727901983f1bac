using System.Text.Json.Serialization;
using Rlt.Configuration.Resuming;
using Rlt.Data;

namespace Rlt.Configuration;

/// <summary>What every run over a data file has.</summary>
/// <remarks>
/// A record's own keys come before those of the record it is made from; where a written config has them in another order, its
/// properties say so: those with a higher number later.
/// </remarks>
public abstract record DataRunConfig : IValidated
{
    /// <summary>The run's directory.</summary>
    public abstract string Out { get; init; }

    /// <summary>Of a data set's folder or Hub id, the subset (its card's config_name); null: the only or the default one.</summary>
    [JsonPropertyOrder(2)]
    public string? Subset { get; init; }

    /// <summary>Of a data set's folder or Hub id, the split, such as train; null: the only one.</summary>
    [JsonPropertyOrder(2)]
    public string? Split { get; init; }

    /// <summary>Columns of the data that do not have their usual names.</summary>
    [JsonPropertyOrder(2)]
    public FieldNames Fields { get; init; } = new();

    /// <summary>The share of the data's rows that may be left out, with a warning, because they cannot be used; more stop the run.</summary>
    [JsonPropertyOrder(2)]
    [MayChange]
    public double MaxBadRows { get; init; } = 0.01;

    /// <summary>Rows read at most; 0 reads all.</summary>
    [JsonPropertyOrder(2)]
    public int Limit { get; init; }

    /// <summary>Seeds all that is random: the order of the data, the samples, and the adapters' first weights and dropout.</summary>
    [JsonPropertyOrder(2)]
    public long Seed { get; init; }

    /// <summary>Device, precision and threads.</summary>
    [JsonPropertyOrder(6)]
    public DeviceConfig Device { get; init; } = new();

    /// <inheritdoc/>
    public abstract IEnumerable<ConfigProblem> Problems();

    /// <summary>A data file and how to read it.</summary>
    protected DataSource SourceOf(string file) => new(file) { Subset = Subset, Split = Split, Fields = Fields, MaxBadRows = MaxBadRows, Limit = Limit };
}
