using Rlt.Text.Tokenization.Patterns;

namespace Rlt.Text.Tokenization.PreTokenization;

/// <summary>The steps that split a text for the model.</summary>
/// <param name="Steps">The steps in order.</param>
/// <param name="ByteLevel">Whether the model's symbols are bytes written in the byte alphabet.</param>
internal sealed record PreTokenizerSteps(IReadOnlyList<PreTokenizer> Steps, bool ByteLevel);

/// <summary>Reads the <c>pre_tokenizer</c> of tokenizer.json.</summary>
internal sealed class PreTokenizerReader
{
    private const string BytePattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private static readonly Dictionary<string, string[]> _fields = new()
    {
        ["ByteLevel"] = ["add_prefix_space", "trim_offsets", "use_regex"],
        ["Split"] = ["pattern", "behavior", "invert"],
        ["Digits"] = ["individual_digits"],
        ["Metaspace"] = ["replacement", "prepend_scheme", "split", "add_prefix_space", "str_rep"],
        ["Whitespace"] = [],
        ["WhitespaceSplit"] = [],
        ["Punctuation"] = ["behavior"],
        ["Sequence"] = ["pretokenizers"],
    };

    private readonly List<PreTokenizer> _steps = [];
    private bool _byteLevel;

    /// <summary>Reads the splitter; no steps when there is none.</summary>
    public static PreTokenizerSteps Read(JsonPart part)
    {
        var reader = new PreTokenizerReader();
        if (!part.IsNull)
        {
            reader.Add(part);
        }

        return new PreTokenizerSteps(reader._steps, reader._byteLevel);
    }

    /// <summary>Reads a splitting behaviour.</summary>
    public static SplitBehavior ReadBehavior(JsonPart part)
    {
        string[] names = Enum.GetNames<SplitBehavior>();
        return part.IsNull ? SplitBehavior.Isolated
            : names.Contains(part.String()) ? Enum.Parse<SplitBehavior>(part.String())
            : throw part.Unsupported(names);
    }

    /// <summary>Reads when a Metaspace component puts its mark in front, in the present notation or the older one.</summary>
    public static PrependScheme ReadScheme(JsonPart part)
    {
        var scheme = part["prepend_scheme"];
        bool older = part["add_prefix_space"].BooleanOr(true);
        if (scheme.IsNull)
        {
            return older ? PrependScheme.Always : PrependScheme.Never;
        }

        var value = scheme.String() switch
        {
            "always" => PrependScheme.Always,
            "first" => PrependScheme.First,
            "never" => PrependScheme.Never,
            _ => throw scheme.Unsupported("always", "first", "never"),
        };
        return older || value == PrependScheme.Never
            ? value : throw scheme.Fail($"is {scheme.Quote()}, but add_prefix_space is false; the two contradict each other.");
    }

    /// <summary>Reads the mark of a Metaspace component, one character.</summary>
    public static char ReadMark(JsonPart part)
    {
        var mark = part["replacement"];
        return mark.StringOr("▁") is [var c] && !char.IsSurrogate(c) ? c : throw mark.Fail($"is {mark.Quote()}; expected one character.");
    }

    private void Add(JsonPart part)
    {
        if (_byteLevel)
        {
            throw part.Fail("follows a ByteLevel pre-tokenizer; supported is ByteLevel as the last one only.");
        }

        switch (part.TypeOf(_fields))
        {
            case "ByteLevel":
                AddByteLevel(part);
                break;
            case "Split":
                _steps.Add(new SplitPreTokenizer(PatternReader.Read(part["pattern"]), ReadBehavior(part["behavior"]), part["invert"].BooleanOr(false)));
                break;
            case "Digits":
                var behavior = part["individual_digits"].BooleanOr(false) ? SplitBehavior.Isolated : SplitBehavior.Contiguous;
                _steps.Add(new SplitPreTokenizer(Pattern.OfSet(PatternClasses.Number), behavior));
                break;
            case "Metaspace":
                _steps.Add(new MetaspacePreTokenizer(ReadMark(part).ToString(), ReadScheme(part), part["split"].BooleanOr(true)));
                break;
            case "Whitespace":
                var neither = PatternClasses.StandardWord.Union(CodePointSet.WhiteSpace).Complement();
                _steps.Add(new SplitPreTokenizer(Pattern.OfRuns(PatternClasses.StandardWord, neither), SplitBehavior.Removed, invert: true));
                break;
            case "WhitespaceSplit":
                _steps.Add(new SplitPreTokenizer(Pattern.OfSet(CodePointSet.WhiteSpace), SplitBehavior.Removed));
                break;
            case "Punctuation":
                _steps.Add(new SplitPreTokenizer(Pattern.OfSet(PatternClasses.Punctuation), ReadBehavior(part["behavior"])));
                break;
            default:
                foreach (var item in part["pretokenizers"].Items())
                {
                    Add(item);
                }

                break;
        }
    }

    private void AddByteLevel(JsonPart part)
    {
        if (part["add_prefix_space"].BooleanOr(true))
        {
            _steps.Add(new PrefixSpacePreTokenizer());
        }

        if (part["use_regex"].BooleanOr(true))
        {
            _steps.Add(new SplitPreTokenizer(Pattern.Compile(BytePattern), SplitBehavior.Isolated));
        }

        _byteLevel = true;
    }
}
