using System.Diagnostics;

namespace Rlt.Text.Tokenization;

/// <summary>A text on its way to the model, which knows for every UTF-16 unit what range of the original text it stands for.</summary>
internal sealed class AlignedText
{
    private readonly int _shift;
    private readonly TextSpan[]? _origins;

    /// <summary>A text that is the original from <paramref name="shift"/> on, unit by unit.</summary>
    public AlignedText(string text, int shift)
    {
        Value = text;
        _shift = shift;
    }

    /// <summary>A text with an original range for each unit.</summary>
    public AlignedText(string text, TextSpan[] origins)
    {
        Debug.Assert(text.Length == origins.Length);
        Value = text;
        _origins = origins;
    }

    /// <summary>The text as it is now.</summary>
    public string Value { get; }

    /// <summary>The original range that units from <paramref name="start"/> to <paramref name="end"/> stand for.</summary>
    public TextSpan Origin(int start, int end)
    {
        if (_origins is null)
        {
            return new TextSpan(_shift + start, _shift + end);
        }

        if (start < end)
        {
            return new TextSpan(_origins[start].Start, _origins[end - 1].End);
        }

        int at = start < _origins.Length ? _origins[start].Start : _origins.Length > 0 ? _origins[^1].End : 0;
        return new TextSpan(at, at);
    }

    /// <summary>A part of the text as a text of its own.</summary>
    public AlignedText Slice(int start, int end)
    {
        if (start == 0 && end == Value.Length)
        {
            return this;
        }

        string part = Value[start..end];
        return _origins is null ? new AlignedText(part, _shift + start) : new AlignedText(part, _origins[start..end]);
    }
}
