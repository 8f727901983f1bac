using System.Globalization;

namespace Rlt.Data;

/// <summary>A data file, or a data set's folder, and how to read it.</summary>
/// <param name="Path">A Parquet, JSONL, JSON or CSV file, or a folder of them.</param>
public sealed record DataSource(string Path)
{
    private const int MostListed = 5;
    private const int MostColumns = 30;

    /// <summary>Of a folder, the subset; null: the only or the default one.</summary>
    public string? Subset { get; init; }

    /// <summary>Of a folder, the split; null: the only one.</summary>
    public string? Split { get; init; }

    /// <summary>Columns that do not have their usual names.</summary>
    public FieldNames Fields { get; init; } = new();

    /// <summary>The share of rows that may be left out because they cannot be used.</summary>
    public double MaxBadRows { get; init; } = 0.01;

    /// <summary>Rows read at most; 0 reads all.</summary>
    public int Limit { get; init; }

    /// <summary>Reads the file's rows, leaving out a small share that cannot be used.</summary>
    /// <param name="expected">What a row needs, for the message about a file without rows: "'question' and 'answer'".</param>
    /// <param name="use">Makes something of a row, on any thread, or throws a <see cref="DataException"/> that says why not.</param>
    /// <param name="passOver">Rows that do not count.</param>
    /// <exception cref="DataException">The file cannot be read, has no rows, or has too many that cannot be used: the first few are listed.</exception>
    /// <exception cref="ConfigException">A column that <see cref="Fields"/> names is in no row.</exception>
    public UsableRows<T> Read<T>(string expected, Func<JsonRow, T> use, Func<JsonRow, bool>? passOver = null)
    {
        bool areNamed = Fields.Named().Any();
        IEnumerable<(T? Made, string? Problem, string[] Columns)> all = ReadAhead.Select(RowFile.ReadParts(Path, Subset, Split), part => part()
            .Where(read => read.Row is not { } row || passOver?.Invoke(row) != true)
            .Select(read => Use(read, use, areNamed)).ToArray()).SelectMany(made => made);
        var rows = new List<T>();
        var problems = new List<string>();
        var columns = new HashSet<string>();
        foreach ((T? made, string? problem, string[] its) in Limit > 0 ? all.Take(Limit) : all)
        {
            columns.UnionWith(its);
            if (problem is null)
            {
                rows.Add(made!);
            }
            else
            {
                problems.Add(problem);
            }
        }

        if (rows.Count + problems.Count == 0)
        {
            throw new DataException($"{Path}: no rows; expected rows with {expected}.");
        }

        CheckColumns(columns);
        return new UsableRows<T>(rows, problems.Count, problems.Count == 0 ? null : Tell(problems, rows.Count));
    }

    private static (T? Made, string? Problem, string[] Columns) Use<T>(ReadRow read, Func<JsonRow, T> use, bool areNamed)
    {
        string[] columns = [];
        try
        {
            columns = areNamed ? [.. read.Usable.Fields.Select(field => field.Key)] : [];
            return (use(read.Usable), null, columns);
        }
        catch (DataException error)
        {
            return (default, error.Message, columns);
        }
    }

    private void CheckColumns(HashSet<string> columns)
    {
        // Without one readable row the columns are not known, and the rows' own problems say more.
        foreach ((string key, string column) in columns.Count == 0 ? [] : Fields.Named().Where(named => !columns.Contains(named.Column)))
        {
            string more = columns.Count > MostColumns ? ", …" : "";
            throw new ConfigException($"fields.{key} is '{column}', a column that {Path} does not have; expected one of {string.Join(", ", columns.Take(MostColumns).Select(name => $"'{name}'"))}{more}.");
        }
    }

    private string Tell(List<string> problems, int usable)
    {
        int total = usable + problems.Count;
        IEnumerable<string> more = problems.Count > MostListed ? [$"… and {problems.Count - MostListed} more"] : [];
        string list = string.Concat(problems.Take(MostListed).Concat(more).Select(problem => $"\n  {problem}"));
        string allowed = $"max_bad_rows allows {MaxBadRows.ToString(CultureInfo.InvariantCulture)} of all";
        return usable > 0 && problems.Count <= MaxBadRows * total
            ? $"{Path}: {problems.Count} of {total} rows cannot be used and are left out ({allowed}):{list}"
            : throw new DataException(
                $"{Path}: {problems.Count} of {total} rows cannot be used ({allowed}). Correct them, or name other columns in 'fields' or another format:{list}");
    }
}

/// <summary>What a data file's rows became.</summary>
/// <param name="Rows">One for each row that can be used, in the file's order.</param>
/// <param name="LeftOut">Rows that cannot.</param>
/// <param name="Warning">What to tell about them; null where there are none.</param>
public sealed record UsableRows<T>(IReadOnlyList<T> Rows, int LeftOut, string? Warning);
