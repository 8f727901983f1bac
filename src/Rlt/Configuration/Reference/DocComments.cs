using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;

namespace Rlt.Configuration.Reference;

/// <summary>The doc comments of config records, from the XML files that the compiler writes beside the assemblies.</summary>
internal static partial class DocComments
{
    private const string SourceMark = "Source:";
    private static readonly Dictionary<Assembly, Dictionary<string, XElement>> Read = [];

    /// <summary>What a property means: its summary, in which other keys have their names in YAML.</summary>
    /// <exception cref="ConfigException">The comments are not there.</exception>
    public static string Meaning(PropertyInfo property) => Find(property) is { } member ? Text(member.Element("summary")) : "";

    /// <summary>What an enum's value means.</summary>
    public static string Meaning(Type type, string name) => Member(type.Assembly, $"F:{Id(type)}.{name}") is { } member ? Text(member.Element("summary")) : "";

    /// <summary>Where a setting comes from: what the remarks of the property, else those of its record, name as the source; null where neither does.</summary>
    public static string? Source(PropertyInfo property) =>
        SourceIn(Find(property)) ?? SourceIn(Member(property.DeclaringType!.Assembly, $"T:{Id(property.DeclaringType)}"));

    private static XElement? Find(PropertyInfo property)
    {
        for (Type? type = property.DeclaringType; type is not null; type = type.BaseType)
        {
            if (Member(type.Assembly, $"P:{Id(type)}.{property.Name}") is { } member && member.Element("inheritdoc") is null)
            {
                return member;
            }
        }

        return null;
    }

    private static string Id(Type type) => type.FullName!.Replace('+', '.');

    private static string? SourceIn(XElement? member)
    {
        string text = Text(member?.Element("remarks"));
        int at = text.IndexOf(SourceMark, StringComparison.Ordinal);
        return at < 0 ? null : text[(at + SourceMark.Length)..].Trim().TrimEnd('.');
    }

    private static XElement? Member(Assembly assembly, string id)
    {
        lock (Read)
        {
            if (!Read.TryGetValue(assembly, out Dictionary<string, XElement>? members))
            {
                Read[assembly] = members = Members(assembly);
            }

            return members.GetValueOrDefault(id);
        }
    }

    private static Dictionary<string, XElement> Members(Assembly assembly)
    {
        string name = assembly.GetName().Name!;
        if (!name.StartsWith("Rlt", StringComparison.Ordinal))
        {
            return [];
        }

        string path = Path.Combine(AppContext.BaseDirectory, name + ".xml");
        try
        {
            return XDocument.Load(path).Descendants("member").ToDictionary(member => member.Attribute("name")!.Value);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or XmlException)
        {
            throw new ConfigException(
                $"{path}: cannot be read: {error.Message} It says what the settings mean, and belongs beside rlt.dll; scripts/build.sh writes it.", error);
        }
    }

    private static string Text(XElement? element) => element is null ? "" : Spaces().Replace(string.Concat(element.Nodes().Select(Text)), " ").Trim();

    private static string Text(XNode node) => node switch
    {
        XText text => text.Value,
        XElement see when see.Attribute("cref")?.Value is { } reference => Named(reference),
        XElement other => string.Concat(other.Nodes().Select(Text)),
        _ => "",
    };

    // The last part of a reference is the member: "….SaveMinutes" is save_minutes.
    private static string Named(string reference) => ConfigSchema.EnumKey(reference[(reference.LastIndexOf('.') + 1)..]);

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
