using Rlt.Configuration;

namespace Rlt.Training;

/// <summary>Measures the model on held-out rows while it is trained.</summary>
public sealed record ValidateConfig : IValidated
{
    /// <summary>A Parquet, JSONL, JSON or CSV file, a data set's folder or its Hub id: held-out rows, with the columns of the training data.</summary>
    [ConfigPath(PathKind.Data)]
    public required string Data { get; init; }

    /// <summary>Of a data set's folder or Hub id, the subset (its card's config_name); null: the only or the default one.</summary>
    public string? Subset { get; init; }

    /// <summary>Of a data set's folder or Hub id, the split, such as test; null: the only one.</summary>
    public string? Split { get; init; }

    /// <summary>Steps between two measurements; the last step is always followed by one.</summary>
    public int Every { get; init; } = 10;

    /// <summary>Completions sampled for each held-out question; supervised fine-tuning samples none.</summary>
    public int Samples { get; init; } = 1;

    /// <summary>Held-out rows read at most; 0 reads all.</summary>
    public int Limit { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Problems() =>
        [.. Ranges.AtLeastOne((nameof(Every), Every), (nameof(Samples), Samples)), .. Ranges.NotNegative((nameof(Limit), Limit))];
}
