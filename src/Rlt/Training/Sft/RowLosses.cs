namespace Rlt.Training.Sft;

/// <summary>What of a data file supervised fine-tuning does not learn.</summary>
/// <param name="Read">Rows of the file.</param>
/// <param name="Unusable">Rows that could not be used.</param>
/// <param name="Unlearned">Rows of which the cutoff leaves nothing to learn.</param>
/// <param name="Cut">Rows that were cut to the cutoff.</param>
/// <param name="Cutoff">Tokens of a row at most.</param>
public sealed record RowLosses(int Read, int Unusable, int Unlearned, int Cut, int Cutoff)
{
    // More than this is no longer the data that was given.
    private const double MuchOfTheData = 0.1;

    /// <summary>Whether that is much of the data.</summary>
    public bool IsMuch => Unusable + Unlearned + Cut > MuchOfTheData * Read;

    /// <summary>The losses as a sentence; null where there are none.</summary>
    public string? Text
    {
        get
        {
            string[] parts =
            [
                .. Unusable > 0 ? [$"{Share(Unusable)} could not be used"] : Array.Empty<string>(),
                .. Unlearned > 0 ? [$"{Share(Unlearned)} had nothing to learn within {Cutoff} tokens"] : Array.Empty<string>(),
                .. Cut > 0 ? [$"{Share(Cut)} were cut to {Cutoff} tokens"] : Array.Empty<string>(),
            ];
            return parts.Length == 0 ? null : $"of {Read} rows {string.Join(", ", parts)}";
        }
    }

    private string Share(int rows) => FormattableString.Invariant($"{rows} ({100.0 * rows / Read:0.#}%)");
}
