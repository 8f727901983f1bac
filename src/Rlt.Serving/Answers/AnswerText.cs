using Rlt.Text.Tokenization;

namespace Rlt.Serving.Answers;

/// <summary>An answer's text as it grows, cut at the first stop text; what may still become one is held back.</summary>
/// <param name="tokens">Decodes the tokens.</param>
/// <param name="stops">The stop texts.</param>
/// <param name="includeStop">Whether the text ends with the stop text that ended it.</param>
internal sealed class AnswerText(DecodeStream tokens, IReadOnlyList<string> stops, bool includeStop)
{
    private string _held = "";

    /// <summary>The stop text that ended it; null for none so far.</summary>
    public string? Stop { get; private set; }

    /// <summary>The text that a token adds for certain.</summary>
    public string Add(int id) => Stop is null ? Visible(_held + tokens.Append(id), isLast: false) : "";

    /// <summary>The rest.</summary>
    public string Finish() => Stop is null ? Visible(_held + tokens.Finish(), isLast: true) : "";

    private string Visible(string text, bool isLast)
    {
        if (stops.Where(one => text.Contains(one, StringComparison.Ordinal)).MinBy(one => text.IndexOf(one, StringComparison.Ordinal)) is { } stop)
        {
            Stop = stop;
            return text[..(text.IndexOf(stop, StringComparison.Ordinal) + (includeStop ? stop.Length : 0))];
        }

        int held = isLast ? 0 : stops.Select(one => Begun(text, one)).DefaultIfEmpty(0).Max();
        _held = text[^held..];
        return text[..^held];
    }

    // Letters at the text's end with which a stop text begins.
    private static int Begun(string text, string stop) => Enumerable.Range(0, Math.Min(text.Length, stop.Length - 1) + 1)
        .Last(length => text.AsSpan(text.Length - length).SequenceEqual(stop.AsSpan(0, length)));
}
