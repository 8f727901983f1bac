using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Rlt.Configuration;

/// <summary>
/// Reads YAML configs into sealed records, strictly: every unknown, missing, duplicate, empty or mistyped key is an error with its file and
/// line, and all of them are reported at once.
/// </summary>
/// <remarks>
/// Keys are the snake_case of the records' property names. A file may name another, relative to itself, by the top-level key
/// <c>base</c>; its own keys then override that file's, section by section. There is no interpolation of variables.
/// </remarks>
public static class ConfigLoader
{
    private const string BaseKey = "base";

    /// <summary>Loads a config.</summary>
    /// <param name="yamlPath">The file; null to start from the records' defaults.</param>
    /// <param name="overrides">Values that replace the file's, "a.b=v", typed by YAML's rules; lists as "a.b=[1,2]". The last one wins.</param>
    /// <param name="note">Is told of what the user should write in another way; null: nobody is.</param>
    /// <exception cref="ConfigException">The config cannot be used; the message names every problem found.</exception>
    public static T Load<T>(string? yamlPath, IReadOnlyList<string> overrides, Action<string>? note = null)
        where T : class
    {
        var problems = new List<string>();
        SectionNode[] over = [.. overrides.Select(text => Override(text, problems))];
        return (T)Load(typeof(T), yamlPath, over, problems, note, "Give {0} by --set KEY=VALUE, an option of the same name, or in --config FILE.");
    }

    /// <summary>Loads a config file of a record that is known by its type alone.</summary>
    /// <exception cref="ConfigException">The config cannot be used; the message names every problem found.</exception>
    public static object Load(Type record, string yamlPath) => Load(record, yamlPath, [], [], null, "");

    /// <summary>Loads a config of a record that is known by its type alone.</summary>
    /// <param name="record">The record.</param>
    /// <param name="yamlPath">As above.</param>
    /// <param name="over">What replaces the file's values, the last one first of all.</param>
    /// <param name="problems">What was found before; it is thrown with what is found here.</param>
    /// <param name="note">As above.</param>
    /// <param name="missing">How to give what is missing where there is no file; {0} stands for "it" or "them".</param>
    internal static object Load(
        Type record, string? yamlPath, IReadOnlyList<SectionNode> over, List<string> problems, Action<string>? note, string missing)
    {
        SectionNode root = yamlPath is null ? new("config") : Read(yamlPath, problems);
        foreach (SectionNode section in over)
        {
            root.Overlay(section);
        }

        var binder = new ConfigBinder(record, problems, note) { GathersMissing = yamlPath is null };
        JsonObject values = binder.Record(root, record, "");
        if (binder.Missing.Count > 0)
        {
            string them = binder.Missing.Count == 1 ? "it" : "them";
            problems.Add($"missing: {string.Join(", ", binder.Missing)}. {missing.Replace("{0}", them, StringComparison.Ordinal)}");
        }

        ThrowIfAny(problems);
        object config = Deserialize(values, record, root.Place);
        CheckValues(config, root, "", problems);
        ThrowIfAny(problems);
        return config;
    }

    /// <summary>What a config file holds, those that it is built on included.</summary>
    internal static SectionNode Read(string yamlPath, List<string> problems)
    {
        (string file, ConfigFolder folder) = ShippedConfig.Find(yamlPath);
        return ReadFile(file, folder, [], problems);
    }

    private static SectionNode ReadFile(string path, ConfigFolder folder, IReadOnlyList<string> readers, List<string> problems)
    {
        ConfigNode? document = YamlReader.Read(ReadText(path, readers), mark => $"{path}:{mark.Line}", problems);
        document?.SetFolder(folder);
        var section = new SectionNode(path);
        switch (document)
        {
            case null:
            case ScalarNode scalar when YamlScalar.IsNull(scalar):
                return section;
            case SectionNode found:
                section.Overlay(found);
                break;
            default:
                throw new ConfigException($"{document.Place}: the file holds {document.Shown}; expected keys and values.");
        }

        if (!section.Fields.Remove(BaseKey, out ConfigNode? named))
        {
            return section;
        }

        List<string> chain = [.. readers, Path.GetFullPath(path)];
        var merged = new SectionNode(path);
        string basePath = BasePath(path, named, chain);
        string relative = Path.GetRelativePath(Path.GetDirectoryName(Path.GetFullPath(path))!, Path.GetDirectoryName(Path.GetFullPath(basePath))!);
        merged.Overlay(ReadFile(basePath, folder.At(relative), chain, problems));
        merged.Overlay(section);
        return merged;
    }

    private static string BasePath(string path, ConfigNode named, List<string> chain)
    {
        if (named is not ScalarNode name || !YamlScalar.IsText(name) || name.Text.Length == 0)
        {
            throw new ConfigException($"{named.Place}: base is {named.Shown}; expected the path of another config, relative to this one.");
        }

        string basePath = Path.Combine(Path.GetDirectoryName(path) ?? "", name.Text);
        if (chain.Contains(Path.GetFullPath(basePath)))
        {
            throw new ConfigException($"{named.Place}: base is '{name.Text}', which is built on this file; expected a chain of files that ends.");
        }

        return File.Exists(basePath)
            ? basePath
            : throw new ConfigException($"{named.Place}: base is '{name.Text}', and {basePath} does not exist; expected a path relative to this file.");
    }

    // The file that the user names may be a pipe; those that files name may not.
    private static string ReadText(string path, IReadOnlyList<string> readers)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true)
                .GetString(readers.Count == 0 ? File.ReadAllBytes(path) : WholeFile.Bytes(path)).TrimStart('\ufeff');
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            throw new ConfigException($"{path}: cannot be read: {error.Message}", error);
        }
    }

    private static SectionNode Override(string text, List<string> problems)
    {
        string place = $"--set {text}";
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        string[] keys = equals < 0 ? [] : text[..equals].Trim().Split('.');
        if (keys.Length == 0 || keys.Any(string.IsNullOrWhiteSpace))
        {
            problems.Add($"{place}: expected KEY=VALUE, the key as in the config file, such as optim.lr=1e-6.");
            return new SectionNode(place);
        }

        string value = text[(equals + 1)..].Trim();
        // Only these begin a value of several parts; anything else is taken as it stands, colons and all.
        ConfigNode? node = value is ['[' or '{' or '"' or '\'', ..]
            ? YamlReader.Read(value, _ => place, problems)
            : new ScalarNode(place, value, Quoted: false);
        SectionNode over = new(place);
        over.Fields[keys[^1]] = node!;
        foreach (string key in keys[..^1].Reverse())
        {
            SectionNode outer = new(place);
            outer.Fields[key] = over;
            over = outer;
        }

        return over;
    }

    // The values were checked above; what fails here is a rule of the serializer alone.
    private static object Deserialize(JsonObject values, Type record, string place)
    {
        try
        {
            return values.Deserialize(record, ConfigSchema.Options)!;
        }
        catch (JsonException error)
        {
            throw new ConfigException($"{place}: {error.Path?.TrimStart('$', '.')} cannot be used: {error.Message}", error);
        }
    }

    private static void CheckValues(object record, SectionNode root, string prefix, List<string> problems)
    {
        foreach (ConfigProblem problem in record is IValidated validated ? validated.Problems() : [])
        {
            string key = prefix + string.Join('.', problem.Key.Split('.').Select(ConfigSchema.EnumKey));
            problems.Add($"{PlaceOf(root, key)}: {key} {problem.Message}");
        }

        foreach (JsonPropertyInfo property in ConfigSchema.Properties(record.GetType()))
        {
            object? value = property.Get?.Invoke(record);
            if (value is null || value is string)
            {
                continue;
            }

            if (ConfigSchema.IsRecord(property.PropertyType))
            {
                CheckValues(value, root, $"{prefix}{property.Name}.", problems);
            }
            else if (ConfigSchema.ElementOf(property.PropertyType) is { } element && ConfigSchema.IsRecord(element))
            {
                int index = 0;
                foreach (object item in (System.Collections.IEnumerable)value)
                {
                    CheckValues(item, root, $"{prefix}{property.Name}[{index++}].", problems);
                }
            }
        }
    }

    // The place of the key, or of the innermost section above it that was written.
    private static string PlaceOf(SectionNode root, string key)
    {
        ConfigNode found = root;
        foreach (string part in key.Replace("[", ".[", StringComparison.Ordinal).Split('.'))
        {
            ConfigNode? inner = found switch
            {
                SectionNode section => section.Fields.GetValueOrDefault(part),
                ListNode list when part is ['[', .. var digits, ']'] && int.TryParse(digits, out int index) => list.Items.ElementAtOrDefault(index),
                _ => null,
            };
            if (inner is null)
            {
                break;
            }

            found = inner;
        }

        return found.Place;
    }

    private static void ThrowIfAny(List<string> problems)
    {
        if (problems.Count > 0)
        {
            throw new ConfigException(string.Join(Environment.NewLine, problems));
        }
    }
}
