using System.Text;
using Rlt.Text.Tokenization.Patterns;

namespace Rlt.Text.Tokenization.Decoding;

/// <summary>Replaces every match of a pattern in each token.</summary>
internal sealed class ReplaceStep(Pattern pattern, string content) : DecodeStep
{
    private readonly PatternScanner _scanner = new(pattern);

    /// <inheritdoc/>
    public override void Push(string token)
    {
        var text = new StringBuilder();
        int done = 0;
        _scanner.Reset(token, 0, token.Length);
        while (_scanner.TryFind(done, out var match))
        {
            text.Append(token, done, match.Start - done).Append(content);
            done = match.End;
        }

        Send(done == 0 ? token : text.Append(token, done, token.Length - done).ToString());
    }
}

/// <summary>Removes up to so many of a character from the ends of each token.</summary>
internal sealed class StripStep(char content, int start, int stop) : DecodeStep
{
    /// <inheritdoc/>
    public override void Push(string token)
    {
        int from = 0, to = token.Length;
        while (from < Math.Min(start, token.Length) && token[from] == content)
        {
            from++;
        }

        while (to > from && token.Length - to < stop && token[to - 1] == content)
        {
            to--;
        }

        Send(token[from..to]);
    }
}

/// <summary>As <see cref="StripStep"/>, for a text that comes in parts: only the ends of the whole are stripped.</summary>
internal sealed class StripWholeStep(char content, int start, int stop) : DecodeStep
{
    private int _toStrip = start;
    private int _held;

    /// <inheritdoc/>
    public override void Push(string token)
    {
        int from = 0;
        for (; from < token.Length && _toStrip > 0 && token[from] == content; from++)
        {
            _toStrip--;
        }

        _toStrip = from < token.Length ? 0 : _toStrip;

        string rest = new string(content, _held) + token[from..];
        int to = rest.Length;
        while (to > 0 && rest.Length - to < stop && rest[to - 1] == content)
        {
            to--;
        }

        _held = rest.Length - to;
        if (to > 0)
        {
            Send(rest[..to]);
        }
    }
}

/// <summary>Writes marks as spaces; those of the first token are dropped where the splitter puts one in front of a text.</summary>
internal sealed class MetaspaceStep(char mark, bool dropsFirst) : DecodeStep
{
    private bool _isFirst = true;

    /// <inheritdoc/>
    public override void Push(string token)
    {
        string space = _isFirst && dropsFirst ? "" : " ";
        _isFirst = false;
        Send(token.Replace(mark.ToString(), space, StringComparison.Ordinal));
    }
}

/// <summary>Joins word pieces: continuations lose their prefix, other tokens get a space in front.</summary>
internal sealed class WordPieceStep(string prefix, bool cleanup) : DecodeStep
{
    private static readonly (string From, string To)[] _contractions =
    [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"),
        (" n't", "n't"), (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ];

    private bool _isFirst = true;

    /// <inheritdoc/>
    public override void Push(string token)
    {
        string text = _isFirst ? token : token.StartsWith(prefix, StringComparison.Ordinal) ? token[prefix.Length..] : " " + token;
        _isFirst = false;
        Send(cleanup ? _contractions.Aggregate(text, (current, pair) => current.Replace(pair.From, pair.To, StringComparison.Ordinal)) : text);
    }
}

/// <summary>Joins tokens with spaces: what happens where the file names no decoder.</summary>
internal sealed class JoinStep : DecodeStep
{
    private bool _isFirst = true;

    /// <inheritdoc/>
    public override void Push(string token)
    {
        Send(_isFirst ? token : " " + token);
        _isFirst = false;
    }
}

/// <summary>Holds everything back until the end, for a step that must see the text as one.</summary>
internal sealed class CollectStep : DecodeStep
{
    private readonly StringBuilder _text = new();

    /// <inheritdoc/>
    public override void Push(string token) => _text.Append(token);

    /// <inheritdoc/>
    public override void Finish() => Send(_text.ToString());
}
