namespace Rlt.Configuration;

/// <summary>A value of a config before its type is known, with the place it was written at.</summary>
/// <param name="Place">What a message begins with: "FILE:LINE" of the value's key, or the command-line option.</param>
internal abstract record ConfigNode(string Place)
{
    /// <summary>The value as it was written, for messages.</summary>
    public abstract string Shown { get; }

    /// <summary>Notes in which folder's config this was written, by which paths are relative to it.</summary>
    public abstract void SetFolder(ConfigFolder folder);
}

/// <summary>A single value; a quoted one is a text whatever it looks like.</summary>
internal sealed record ScalarNode(string Place, string Text, bool Quoted) : ConfigNode(Place)
{
    private const int MaxShownCharacters = 80;

    /// <summary>The folder that the value, where it is a path, is relative to; null: the working directory.</summary>
    public ConfigFolder? Folder { get; private set; }

    public override string Shown =>
        YamlScalar.IsNull(this) ? "empty" : Text.Length <= MaxShownCharacters ? $"'{Text}'" : $"'{Text[..MaxShownCharacters]}…'";

    public override void SetFolder(ConfigFolder folder) => Folder = folder;
}

/// <summary>A list of values.</summary>
internal sealed record ListNode(string Place, IReadOnlyList<ConfigNode> Items) : ConfigNode(Place)
{
    public override string Shown => "a list";

    public override void SetFolder(ConfigFolder folder)
    {
        foreach (ConfigNode item in Items)
        {
            item.SetFolder(folder);
        }
    }
}

/// <summary>Keys and their values, in the order of writing.</summary>
internal sealed record SectionNode(string Place) : ConfigNode(Place)
{
    public OrderedDictionary<string, ConfigNode> Fields { get; } = [];

    public override string Shown => "a section";

    public override void SetFolder(ConfigFolder folder)
    {
        foreach (ConfigNode value in Fields.Values)
        {
            value.SetFolder(folder);
        }
    }

    /// <summary>Lays another section over this one, which takes it in: sections merge key by key, anything else is replaced.</summary>
    public void Overlay(SectionNode over)
    {
        foreach ((string key, ConfigNode value) in over.Fields)
        {
            if (value is SectionNode section && Fields.TryGetValue(key, out ConfigNode? below) && below is SectionNode sectionBelow)
            {
                sectionBelow.Overlay(section);
            }
            else
            {
                Fields[key] = value;
            }
        }
    }
}
