using Rlt.Text.Jinja.Values;

namespace Rlt.Text.Jinja.Runtime;

/// <summary>Python's target[start:stop:step] and lengths.</summary>
internal static class Slices
{
    public static object Take(object target, int? start, int? stop, int? step)
    {
        int stride = step ?? 1;
        if (stride == 0)
        {
            throw new RenderError("slice step cannot be zero");
        }

        switch (target)
        {
            case string text:
                return TakeText(text, start, stop, stride);
            case Markup markup:
                return new Markup(TakeText(markup.Text, start, stop, stride));
            case PyList list:
                return new PyList(TakeItems(list.Items, start, stop, stride));
            case PyTuple tuple:
                return new PyTuple(TakeItems(tuple.Items, start, stop, stride));
            case PyRange range:
                var (first, end) = Bounds(range.Length, start, stop, stride);
                return new PyRange(range.Start + (range.Step * first), range.Start + (range.Step * end), range.Step * stride);
            case Undefined undefined:
                throw undefined.Error();
            default:
                throw new RenderError($"'{PyType.Name(target)}' object is not subscriptable");
        }
    }

    /// <summary>len(value), or -1 where a value has none.</summary>
    public static int Length(object value) => value switch
    {
        string text => PyText.Length(text),
        Markup markup => PyText.Length(markup.Text),
        PyList list => list.Items.Count,
        PyTuple tuple => tuple.Items.Count,
        PyDict dict => dict.Count,
        PyDictView view => view.Dict.Count,
        PyRange range => range.Length,
        LoopState loop => loop.Length,
        Undefined => 0,
        _ => -1,
    };

    private static string TakeText(string text, int? start, int? stop, int step)
    {
        if (PyText.HasSurrogates(text))
        {
            return string.Concat(TakeItems([.. PyText.CodePoints(text)], start, stop, step));
        }

        var (first, end) = Bounds(text.Length, start, stop, step);
        return step == 1 ? text[first..Math.Max(first, end)] : string.Concat(Indices(first, end, step).Select(i => text[i]));
    }

    private static T[] TakeItems<T>(IReadOnlyList<T> items, int? start, int? stop, int step)
    {
        var (first, end) = Bounds(items.Count, start, stop, step);
        return [.. Indices(first, end, step).Select(i => items[i])];
    }

    private static IEnumerable<int> Indices(int first, int end, int step)
    {
        for (long i = first; step > 0 ? i < end : i > end; i += step)
        {
            yield return (int)i;
        }
    }

    private static (int First, int End) Bounds(int length, int? start, int? stop, int step)
    {
        int lowest = step > 0 ? 0 : -1;
        int highest = step > 0 ? length : length - 1;
        int Clamp(int? bound, int fallback) => bound is not int index ? fallback
            : (int)Math.Clamp(index < 0 ? (long)index + length : index, lowest, highest);
        return (Clamp(start, step > 0 ? lowest : highest), Clamp(stop, step > 0 ? highest : lowest));
    }
}
