using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Rlt.Configuration;

/// <summary>Reads YAML text into <see cref="ConfigNode"/>s that know their line.</summary>
/// <remarks>Left out, with an error: anchors, aliases, tags, several documents, keys that are no single value.</remarks>
internal sealed class YamlReader
{
    private const int MaxDepth = 32;
    private readonly Parser _parser;
    private readonly Func<Mark, string> _placeOf;
    private readonly List<string> _problems;

    private YamlReader(string text, Func<Mark, string> placeOf, List<string> problems)
    {
        _parser = new Parser(new Scanner(new StringReader(text), skipComments: true));
        _placeOf = placeOf;
        _problems = problems;
    }

    /// <summary>Reads a document; null where it is empty.</summary>
    /// <param name="text">The YAML.</param>
    /// <param name="placeOf">What a message about a position begins with.</param>
    /// <param name="problems">Takes the duplicate keys.</param>
    /// <exception cref="ConfigException">The text is not YAML, or is YAML of a kind that configs do not use.</exception>
    public static ConfigNode? Read(string text, Func<Mark, string> placeOf, List<string> problems)
    {
        var reader = new YamlReader(text, placeOf, problems);
        try
        {
            return reader.ReadDocument();
        }
        catch (YamlException error)
        {
            // The parser names the value before it.
            if (LineOfTab(text, (int)error.Start.Line) is { } line)
            {
                throw new ConfigException($"{placeOf(new Mark(0, line, 1))}: not valid YAML: the line is indented with a tab; expected spaces.", error);
            }

            throw new ConfigException($"{placeOf(error.Start)}: not valid YAML: {error.Message}", error);
        }
        catch (Exception error) when (error is
            InvalidOperationException or ArgumentException or OverflowException or FormatException or IndexOutOfRangeException)
        {
            // The parser's own slips on damaged text; what it read last is the best place known.
            throw new ConfigException($"{placeOf(reader._parser.Current?.End ?? Mark.Empty)}: not valid YAML after this place.", error);
        }
    }

    private static int? LineOfTab(string text, int from)
    {
        string[] lines = text.Split('\n');
        int at = Array.FindIndex(lines, Math.Clamp(from - 1, 0, lines.Length), line => line[..(line.Length - line.TrimStart().Length)].Contains('\t'));
        return at < 0 || lines[at].Trim().Length == 0 ? null : at + 1;
    }

    private ConfigNode? ReadDocument()
    {
        _parser.Consume<StreamStart>();
        if (_parser.Accept<StreamEnd>(out _))
        {
            return null;
        }

        DocumentStart start = _parser.Consume<DocumentStart>();
        ConfigNode node = ReadNode(_placeOf(start.Start), depth: 0);
        _parser.Consume<DocumentEnd>();
        return _parser.Accept<StreamEnd>(out _)
            ? node
            : throw Refuse(_parser.Current!, "a second document begins here; expected one document");
    }

    private ConfigNode ReadNode(string place, int depth)
    {
        ParsingEvent next = _parser.Consume<ParsingEvent>();
        if (next is AnchorAlias || next is NodeEvent { Anchor.IsEmpty: false } or NodeEvent { Tag.IsEmpty: false })
        {
            throw Refuse(next, "anchors (&), aliases (*) and tags (!) are not supported; write the value out, in quotes where it is a text");
        }

        if (depth > MaxDepth)
        {
            throw Refuse(next, $"nested more than {MaxDepth} deep");
        }

        return next switch
        {
            // No setting has a use for it, and no path can hold it.
            Scalar scalar when scalar.Value.Contains('\0') => throw Refuse(next, "the text holds the character U+0000"),
            Scalar scalar => new ScalarNode(place, scalar.Value, scalar.Style != ScalarStyle.Plain),
            SequenceStart => ReadList(place, depth),
            MappingStart => ReadSection(place, depth),
            _ => throw Refuse(next, "expected a value"),
        };
    }

    private ListNode ReadList(string place, int depth)
    {
        var items = new List<ConfigNode>();
        while (!_parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(ReadNode(_placeOf(Peek().Start), depth + 1));
        }

        return new ListNode(place, items);
    }

    private SectionNode ReadSection(string place, int depth)
    {
        var section = new SectionNode(place);
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            if (!_parser.TryConsume<Scalar>(out var key) || !key.Anchor.IsEmpty || !key.Tag.IsEmpty)
            {
                throw Refuse(Peek(), "expected a plain key before the colon");
            }

            string keyPlace = _placeOf(key.Start);
            ConfigNode value = ReadNode(keyPlace, depth + 1);
            if (!section.Fields.TryAdd(key.Value, value))
            {
                _problems.Add($"{keyPlace}: {key.Value} is given twice, first at {section.Fields[key.Value].Place}; keep one of them.");
            }
        }

        return section;
    }

    private ParsingEvent Peek()
    {
        _parser.Accept<ParsingEvent>(out ParsingEvent? next);
        return next!;
    }

    private ConfigException Refuse(ParsingEvent at, string why) => new($"{_placeOf(at.Start)}: {why}.");
}
