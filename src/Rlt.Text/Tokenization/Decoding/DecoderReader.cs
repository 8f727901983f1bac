using Rlt.Text.Tokenization.PreTokenization;

namespace Rlt.Text.Tokenization.Decoding;

/// <summary>Reads the <c>decoder</c> of tokenizer.json.</summary>
internal sealed class DecoderReader
{
    private static readonly Dictionary<string, string[]> _fields = new()
    {
        ["ByteLevel"] = ["add_prefix_space", "trim_offsets", "use_regex"],
        ["Replace"] = ["pattern", "content"],
        ["ByteFallback"] = [],
        ["Fuse"] = [],
        ["Strip"] = ["content", "start", "stop"],
        ["Metaspace"] = ["replacement", "prepend_scheme", "split", "add_prefix_space", "str_rep"],
        ["WordPiece"] = ["prefix", "cleanup"],
        ["Sequence"] = ["decoders"],
    };

    private readonly List<Func<DecodeStep>> _steps = [];

    // Whether what comes to the next step is parts of one text, no longer tokens.
    private bool _isFused;

    /// <summary>Reads the steps; without a decoder, tokens are joined with spaces.</summary>
    public static IReadOnlyList<Func<DecodeStep>> Read(JsonPart part)
    {
        if (part.IsNull)
        {
            return [() => new JoinStep()];
        }

        var reader = new DecoderReader();
        reader.Add(part);
        return reader._steps;
    }

    private void Add(JsonPart part)
    {
        switch (part.TypeOf(_fields))
        {
            case "ByteLevel":
                AddWhole(() => new ByteLevelStep());
                _isFused = true;
                break;
            case "Replace":
                var pattern = PatternReader.Read(part["pattern"]);
                string content = part["content"].String();
                AddWhole(() => new ReplaceStep(pattern, content));
                break;
            case "ByteFallback":
                AddWhole(() => new ByteFallbackStep());
                break;
            case "Fuse":
                _isFused = true;
                break;
            case "Strip":
                AddStrip(part);
                break;
            case "Metaspace":
                char mark = PreTokenizerReader.ReadMark(part);
                bool dropsFirst = PreTokenizerReader.ReadScheme(part) != PrependScheme.Never;
                AddWhole(() => new MetaspaceStep(mark, dropsFirst));
                break;
            case "WordPiece":
                string prefix = part["prefix"].StringOr("##");
                bool cleanup = part["cleanup"].BooleanOr(true);
                AddWhole(() => new WordPieceStep(prefix, cleanup));
                break;
            default:
                foreach (var item in part["decoders"].Items())
                {
                    Add(item);
                }

                break;
        }
    }

    private void AddStrip(JsonPart part)
    {
        var content = part["content"];
        char c = content.String() is [var only] ? only : throw content.Fail($"is {content.Quote()}; expected one character.");
        int start = part["start"].Integer();
        int stop = part["stop"].Integer();
        _steps.Add(_isFused ? () => new StripWholeStep(c, start, stop) : () => new StripStep(c, start, stop));
    }

    /// <summary>Adds a step that must see each token whole; one that stands behind a fusing step sees the text only at its end.</summary>
    private void AddWhole(Func<DecodeStep> make)
    {
        if (_isFused)
        {
            _steps.Add(() => new CollectStep());
        }

        _steps.Add(make);
    }
}
