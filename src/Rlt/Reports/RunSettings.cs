using Rlt.Configuration;
using Rlt.Runs;

namespace Rlt.Reports;

/// <summary>The settings of runs, from the config that each folder keeps.</summary>
internal static class RunSettings
{
    /// <summary>A run's settings by their keys, as <c>optimizer.learning_rate</c>; none where there is no config.</summary>
    /// <exception cref="ConfigException">The file is no YAML.</exception>
    public static IReadOnlyDictionary<string, string> Read(string run)
    {
        string file = Path.Combine(run, RunFolder.ConfigFile);
        var settings = new OrderedDictionary<string, string>();
        if (File.Exists(file) && YamlReader.Read(File.ReadAllText(file), place => $"{file}:{place.Line}", []) is { } config)
        {
            Add(settings, "", config);
        }

        return settings;
    }

    // The share of two configs' sections and settings that both have, from which on they are of one command.
    private const double Alike = 0.7;

    /// <summary>The runs that have settings, those of one command together, where there are two or more.</summary>
    public static IEnumerable<IReadOnlyList<ReportRun>> OfOneKind(IEnumerable<ReportRun> runs)
    {
        var kinds = new List<List<ReportRun>>();
        foreach (ReportRun run in runs.Where(run => run.Settings.Count > 0))
        {
            if (kinds.Find(kind => IsAlike(Top(kind[0]), Top(run))) is { } kind)
            {
                kind.Add(run);
            }
            else
            {
                kinds.Add([run]);
            }
        }

        return kinds.Where(kind => kind.Count > 1);
    }

    /// <summary>The keys whose values are not the same in all of the runs that have any, each with every run's value; null where a run lacks it.</summary>
    public static IEnumerable<(string Key, string?[] Values)> Differences(IReadOnlyList<IReadOnlyDictionary<string, string>> runs) =>
        from key in runs.SelectMany(run => run.Keys).Distinct()
        let values = runs.Select(run => run.GetValueOrDefault(key)).ToArray()
        where key != "out" && values.Distinct().Count() > 1
        select (key, values);

    private static HashSet<string> Top(ReportRun run) => [.. run.Settings.Keys.Select(key => key.Split('.')[0])];

    private static bool IsAlike(HashSet<string> one, HashSet<string> other) => one.Intersect(other).Count() >= Alike * one.Union(other).Count();

    private static void Add(OrderedDictionary<string, string> settings, string key, ConfigNode node)
    {
        if (node is SectionNode { Fields.Count: > 0 } section)
        {
            foreach ((string name, ConfigNode value) in section.Fields)
            {
                Add(settings, key.Length == 0 ? name : $"{key}.{name}", value);
            }
        }
        else
        {
            settings[key] = Text(node);
        }
    }

    private static string Text(ConfigNode node) => node switch
    {
        ScalarNode scalar => scalar.Text,
        ListNode list => $"[{string.Join(", ", list.Items.Select(Text))}]",
        SectionNode section => $"{{{string.Join(", ", section.Fields.Select(field => $"{field.Key}: {Text(field.Value)}"))}}}",
        _ => node.Shown,
    };
}
