using System.Text.RegularExpressions;

namespace Rlt.Data;

/// <summary>Which files of a data set's folder, here or on the Hub, hold the rows of a subset and a split.</summary>
/// <remarks>
/// As the <c>datasets</c> library has it: by the <c>configs</c> of the card's head, and without them by names: NAME-00000-of-00001, and train, valid(ation),
/// dev, test, eval(uation) as words of a path; where no file has such a word, all are the split train. Of several kinds of files that say the same, Parquet
/// comes before JSONL, JSON and CSV.
/// </remarks>
internal sealed partial class DataSetFiles
{
    /// <summary>The file of a data set's description, whose head may say where subsets and splits are.</summary>
    public const string CardName = "README.md";

    private static readonly string[][] Kinds = [[".parquet"], [".jsonl", ".ndjson"], [".json"], [".csv"]];
    private static readonly string[] NoRows = ["dataset_infos.json", "dataset_info.json", "dataset_dict.json", "state.json", "config.json"];
    private static readonly Dictionary<string, string> Words = new()
    {
        ["train"] = "train", ["training"] = "train", ["validation"] = "validation", ["valid"] = "validation", ["val"] = "validation", ["dev"] = "validation",
        ["test"] = "test", ["testing"] = "test", ["eval"] = "test", ["evaluation"] = "test",
    };

    private readonly string[] _names;
    private readonly DataSetCard _card;

    /// <summary>The files of a data set.</summary>
    /// <param name="names">The names of all its files, relative to its folder.</param>
    /// <param name="card">The text of its <see cref="CardName"/>; null where it has none.</param>
    public DataSetFiles(IEnumerable<string> names, string? card)
    {
        _names = [.. names.Where(IsRows).Order(StringComparer.Ordinal)];
        _card = DataSetCard.Parse(card);
    }

    /// <summary>The files of a folder.</summary>
    public static DataSetFiles Of(string folder) => new(
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/')),
        CardOf(folder));

    /// <summary>The text of a folder's card; null where it has none.</summary>
    public static string? CardOf(string folder) =>
        Path.Combine(folder, CardName) is var card && File.Exists(card) ? WholeFile.Text(WholeFile.Bytes(card)) : null;

    /// <summary>Does the card itself say which files belong to which split, so that those that are not there cannot change the choice.</summary>
    public bool IsDeclared => _card.Subsets.Count > 0;

    /// <summary>The files' names, in order.</summary>
    /// <param name="place">The data set, for messages.</param>
    /// <param name="subset">The subset; null: the only or the default one.</param>
    /// <param name="split">The split; null: the only one.</param>
    /// <exception cref="DataException">There is no such subset, split or file, or several where none is named.</exception>
    public IReadOnlyList<string> Choose(string place, string? subset, string? split)
    {
        Dictionary<string, string[]> splits = IsDeclared ? Declared(place, subset) : Found(place, subset);
        string list = string.Join(", ", splits.Keys);
        if (splits.Count == 0)
        {
            throw new DataException($"{place}: no data files; expected .parquet, .jsonl, .json or .csv.");
        }

        if (split is not null && !splits.ContainsKey(split))
        {
            throw new DataException($"{place}: there is no split '{split}'; it has {list}.");
        }

        string name = split ?? (splits.Count == 1 ? splits.Keys.First()
            : throw new DataException($"{place} has the splits {list}; name one (--split, or split in the config)."));
        string[] chosen = OfOneKind(splits[name]);
        return chosen.Length > 0 ? chosen : throw new DataException($"{place}: the split '{name}' has no data files; expected those that {CardName} names.");
    }

    /// <summary>Which of numbered files, NAME-00000-of-00002, are not among those that are there.</summary>
    public static bool LackAny(IReadOnlyCollection<string> names) => names
        .Select(name => Numbered().Match(name)).Where(match => match.Success)
        .GroupBy(match => match.Groups["start"].Value)
        .Any(files => files.Count() < int.Parse(files.First().Groups["count"].ValueSpan, System.Globalization.CultureInfo.InvariantCulture));

    private static bool IsRows(string name) => KindOf(name) >= 0 && !NoRows.Contains(name.Split('/')[^1])
        && !name.Split('/').Any(part => part.StartsWith('.') || part.StartsWith("__", StringComparison.Ordinal));

    private static int KindOf(string name) => Array.FindIndex(Kinds, kind => kind.Contains(Path.GetExtension(name).ToLowerInvariant()));

    private static string[] OfOneKind(string[] names) => [.. names.GroupBy(KindOf).OrderBy(kind => kind.Key).FirstOrDefault() ?? Enumerable.Empty<string>()];

    private Dictionary<string, string[]> Declared(string place, string? subset)
    {
        string list = string.Join(", ", _card.Subsets.Select(known => known.Name));
        DataSetSubset chosen = subset is not null
            ? _card.Subsets.FirstOrDefault(known => known.Name == subset) ?? throw new DataException($"{place}: there is no subset '{subset}'; it has {list}.")
            : _card.Subsets is [var only] ? only
            : _card.Subsets.FirstOrDefault(known => known.IsDefault)
                ?? throw new DataException($"{place} has the subsets {list}; name one (--subset, or subset in the config).");
        string[] names = [.. _names.Where(name => chosen.Folder is null || name.StartsWith(chosen.Folder + "/", StringComparison.Ordinal))];
        return chosen.Splits.Count == 0
            ? ByName(names)
            : chosen.Splits.ToDictionary(split => split.Name, split => names.Where(name => split.Holds(Below(chosen.Folder, name))).ToArray());
    }

    private static string Below(string? folder, string name) => folder is null ? name : name[(folder.Length + 1)..];

    private Dictionary<string, string[]> Found(string place, string? subset) => subset is null ? ByName(_names)
        : throw new DataException($"{place}: there is no subset '{subset}'; its {CardName} names none.");

    private static Dictionary<string, string[]> ByName(string[] names)
    {
        Dictionary<string, string[]> named = names.GroupBy(SplitOf).Where(split => split.Key is not null)
            .ToDictionary(split => split.Key!, split => split.ToArray());
        return named.Count > 0 || names.Length == 0 ? named : new() { ["train"] = names };
    }

    private static string? SplitOf(string name)
    {
        if (Numbered().Match(name) is { Success: true } numbered)
        {
            string split = numbered.Groups["split"].Value;
            return Words.GetValueOrDefault(split, split);
        }

        return Separators().Split(name).Reverse().Select(word => Words.GetValueOrDefault(word.ToLowerInvariant())).FirstOrDefault(word => word is not null);
    }

    [GeneratedRegex(@"^(?<start>(?:.*/)?(?<split>[\w.]+))-\d{5}-of-(?<count>\d{5})")]
    private static partial Regex Numbered();

    [GeneratedRegex(@"[-._ 0-9/]+")]
    private static partial Regex Separators();
}
