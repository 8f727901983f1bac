using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Rlt.Data;

/// <summary>What the head of a data set's README.md says of its subsets; none where it says nothing of them.</summary>
/// <remarks>Source: the Hub's documentation, "Manual configuration" of data sets: <c>configs</c> with <c>config_name</c>, <c>data_files</c>, <c>data_dir</c>.</remarks>
internal sealed partial record DataSetCard(IReadOnlyList<DataSetSubset> Subsets)
{
    /// <summary>Reads a card; one without a head, or with one that is no YAML, says nothing.</summary>
    public static DataSetCard Parse(string? text)
    {
        var empty = new DataSetCard([]);
        string[] parts = (text ?? "").TrimStart('\ufeff').ReplaceLineEndings("\n").Split("---\n", 3);
        if (parts is not ["", var head, _])
        {
            return empty;
        }

        try
        {
            var yaml = new YamlStream();
            yaml.Load(new StringReader(head));
            return yaml.Documents is [var document, ..] && Child(document.RootNode, "configs") is YamlSequenceNode configs
                ? new DataSetCard([.. configs.OfType<YamlMappingNode>().Select(Subset)]) : empty;
        }
        catch (YamlException)
        {
            return empty;
        }
    }

    private static DataSetSubset Subset(YamlMappingNode config)
    {
        string name = Text(Child(config, "config_name")) ?? "default";
        return new DataSetSubset(name, name == "default" || Text(Child(config, "default")) == "true",
            Text(Child(config, "data_dir"))?.Trim('/') is { Length: > 0 } and not "." and var folder ? folder : null, [.. Splits(Child(config, "data_files"))]);
    }

    private static IEnumerable<DataSetSplit> Splits(YamlNode? files) => files switch
    {
        YamlMappingNode map => map.Children.Select(pair => new DataSetSplit(Text(pair.Key) ?? "train", Patterns(pair.Value))),
        YamlSequenceNode list when list.Children.All(item => item is YamlMappingNode) =>
            list.Select(item => new DataSetSplit(Text(Child(item, "split")) ?? "train", Patterns(Child(item, "path")))),
        null => [],
        _ => [new DataSetSplit("train", Patterns(files))],
    };

    private static Regex[] Patterns(YamlNode? paths) => paths switch
    {
        YamlSequenceNode list => [.. list.SelectMany(Patterns)],
        YamlScalarNode path => [Pattern(path.Value ?? "")],
        _ => [],
    };

    // The wildcards of fsspec, in a path relative to the folder.
    private static Regex Pattern(string path) => new(
        "^" + Wildcard().Replace(path.StartsWith("./", StringComparison.Ordinal) ? path[2..] : path, part => part.Value switch
        {
            "**/" => "(?:.*/)?",
            "**" => ".*",
            "*" => "[^/]*",
            "?" => "[^/]",
            ['[', '!', .. var set] => "[^" + set,
            ['[', _, ..] => part.Value,
            _ => Regex.Escape(part.Value),
        }) + @"\z", RegexOptions.NonBacktracking);

    [GeneratedRegex(@"\*\*/|\*\*|\*|\?|\[!?[^\]]+\]|[^*?\[]+|\[")]
    private static partial Regex Wildcard();

    private static YamlNode? Child(YamlNode node, string key) =>
        node is YamlMappingNode map && map.Children.TryGetValue(new YamlScalarNode(key), out YamlNode? value) ? value : null;

    private static string? Text(YamlNode? node) => (node as YamlScalarNode)?.Value;
}

/// <summary>A subset of a data set, a "config" in its card.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsDefault">Is it the one that is meant where none is named.</param>
/// <param name="Folder">The folder that its patterns are relative to; null for the data set's own.</param>
/// <param name="Splits">Its splits; none where the files' names tell.</param>
internal sealed record DataSetSubset(string Name, bool IsDefault, string? Folder, IReadOnlyList<DataSetSplit> Splits);

/// <summary>A split, and the patterns of its files' names.</summary>
internal sealed record DataSetSplit(string Name, IReadOnlyList<Regex> Patterns)
{
    /// <summary>Does a file, named relative to the subset's folder, belong to it.</summary>
    public bool Holds(string name) => Patterns.Any(pattern => pattern.IsMatch(name));
}
