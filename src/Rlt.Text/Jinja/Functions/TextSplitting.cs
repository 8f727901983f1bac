using Rlt.Text.Jinja.Runtime;
using Rlt.Text.Jinja.Values;

namespace Rlt.Text.Jinja.Functions;

/// <summary>split, rsplit and splitlines.</summary>
internal static class TextSplitting
{
    public static PyList Split(RenderState state, string text, CallArguments arguments, bool fromEnd)
    {
        object?[] values = arguments.Bind(fromEnd ? "rsplit" : "split", 0, "sep", "maxsplit");
        int limit = values[1] is null ? -1 : PyNumber.ToInt(values[1]!, "maxsplit");
        int most = limit < 0 ? int.MaxValue : limit;
        state.ChargeText(text.Length);
        List<string> parts;
        if (values[0] is null or PyNone)
        {
            parts = fromEnd ? SplitSpaceFromEnd(text, most) : SplitSpace(text, most);
        }
        else
        {
            string separator = PyText.TryGet(values[0]!, out string? given) ? given
                : throw new RenderError($"must be str or None, not {PyType.Name(values[0]!)}");
            if (separator.Length == 0)
            {
                throw new RenderError("empty separator");
            }

            parts = fromEnd ? SplitFromEnd(text, separator, most) : Split(text, separator, most);
        }

        state.Charge(parts.Count);
        return new PyList([.. parts]);
    }

    public static PyList SplitLines(RenderState state, string text, CallArguments arguments)
    {
        bool keepEnds = arguments.Bind("splitlines", 0, "keepends")[0] is object value && PyOrder.IsTrue(value);
        state.ChargeText(text.Length);
        return new PyList([.. PyText.SplitLines(text, keepEnds)]);
    }

    /// <summary>Parts between separators, at most one more than <paramref name="most"/>, split from the left.</summary>
    public static List<string> Split(string text, string separator, int most)
    {
        var parts = new List<string>();
        int start = 0;
        while (parts.Count < most && text.IndexOf(separator, start, StringComparison.Ordinal) is int at and >= 0)
        {
            parts.Add(text[start..at]);
            start = at + separator.Length;
        }

        parts.Add(text[start..]);
        return parts;
    }

    /// <summary>Parts between separators, at most one more than <paramref name="most"/>, split from the right.</summary>
    public static List<string> SplitFromEnd(string text, string separator, int most)
    {
        var parts = new List<string>();
        int end = text.Length;
        while (parts.Count < most && text.AsSpan(0, end).LastIndexOf(separator, StringComparison.Ordinal) is int at and >= 0)
        {
            parts.Add(text[(at + separator.Length)..end]);
            end = at;
        }

        parts.Add(text[..end]);
        parts.Reverse();
        return parts;
    }

    private static List<string> SplitSpace(string text, int most)
    {
        var parts = new List<string>();
        int at = 0;
        while (true)
        {
            while (at < text.Length && PyText.IsSpace(text[at]))
            {
                at++;
            }

            if (at == text.Length)
            {
                return parts;
            }

            int start = at;
            if (parts.Count == most)
            {
                parts.Add(text[start..]);
                return parts;
            }

            while (at < text.Length && !PyText.IsSpace(text[at]))
            {
                at++;
            }

            parts.Add(text[start..at]);
        }
    }

    private static List<string> SplitSpaceFromEnd(string text, int most)
    {
        var parts = new List<string>();
        int end = PyText.TrimEnd(text).Length;
        while (end > 0)
        {
            if (parts.Count == most)
            {
                parts.Add(text[..end]);
                break;
            }

            int start = end;
            while (start > 0 && !PyText.IsSpace(text[start - 1]))
            {
                start--;
            }

            parts.Add(text[start..end]);
            end = start;
            while (end > 0 && PyText.IsSpace(text[end - 1]))
            {
                end--;
            }
        }

        parts.Reverse();
        return parts;
    }
}
