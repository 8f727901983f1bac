using System.Text.Json.Serialization.Metadata;

namespace Rlt.Configuration.Resuming;

/// <summary>A file or directory that a run reads, as its config names it.</summary>
/// <param name="Key">The setting, with its sections: "validate.data".</param>
/// <param name="Path">The file or directory; a shipped file's where it is called by its name.</param>
/// <param name="Kind">What it is.</param>
/// <param name="MayChange">Whether a run may go on with another one.</param>
public sealed record ConfigInput(string Key, string Path, PathKind Kind, bool MayChange)
{
    /// <summary>All of a config, in the order of the keys.</summary>
    public static IEnumerable<ConfigInput> Of(object config) => Of(config, "", mayChange: false);

    private static IEnumerable<ConfigInput> Of(object record, string prefix, bool mayChange)
    {
        foreach (JsonPropertyInfo property in ConfigSchema.Properties(record.GetType()))
        {
            bool marked = mayChange || ConfigSchema.Marked<MayChangeAttribute>(property) is not null;
            object? value = property.Get?.Invoke(record);
            if (value is string path && ConfigSchema.Marked<ConfigPathAttribute>(property) is { Kind: not PathKind.Run } mark)
            {
                string found = mark.Kind == PathKind.FileOrName ? ShippedFile.Find(property.Name, path) ?? path : path;
                yield return new ConfigInput(prefix + property.Name, found, mark.Kind, marked);
            }
            else if (value is not (null or string) && ConfigSchema.IsRecord(property.PropertyType))
            {
                foreach (ConfigInput inner in Of(value, $"{prefix}{property.Name}.", marked))
                {
                    yield return inner;
                }
            }
        }
    }
}
