using Rlt.Text.Jinja.Runtime;
using Rlt.Text.Jinja.Values;

namespace Rlt.Text.Jinja.Functions;

/// <summary>Filters that sort, group and compare.</summary>
internal static class OrderFilters
{
    public static object SortDict(RenderState state, object input, CallArguments arguments)
    {
        object?[] values = arguments.Bind("dictsort", 0, "case_sensitive", "by", "reverse");
        string by = values[1] is null ? "key" : PyRepr.Str(values[1]!);
        if (by is not ("key" or "value"))
        {
            throw new RenderError("You can only sort by either \"key\" or \"value\"");
        }

        if (input is not PyDict dict)
        {
            throw input is Undefined undefined ? undefined.Error() : new RenderError($"'{PyType.Name(input)}' object has no attribute 'items'");
        }

        int position = by == "key" ? 0 : 1;
        Func<object, object> fold = Fold(values[0]);
        return new PyList(PyOrder.Sort(
            state.Iterate(new PyDictView(dict, "dict_items")), item => fold(((PyTuple)item).Items[position]), IsSet(values[2])));
    }

    public static object Sort(RenderState state, object input, CallArguments arguments)
    {
        object?[] values = arguments.Bind("sort", 0, "reverse", "case_sensitive", "attribute");
        Func<object, object> fold = Fold(values[1]);
        object[] paths = PyText.TryGet(values[2] ?? PyNone.Value, out string? text) ? [.. text.Split(',')] : [values[2] ?? PyNone.Value];
        object items = new PyList(PyOrder.Sort(
            state.Iterate(input),
            item => new PyList([.. paths.Select(path => fold(Attributes.GetPath(item, path)))]),
            IsSet(values[0])));
        return items;
    }

    public static object Unique(RenderState state, object input, CallArguments arguments)
    {
        object?[] values = arguments.Bind("unique", 0, "case_sensitive", "attribute");
        Func<object, object> fold = Fold(values[0]);
        return new PyIterator(Distinct(state, input, item => fold(Attributes.GetPath(item, values[1] ?? PyNone.Value))));
    }

    public static object Min(RenderState state, object input, CallArguments arguments) => Extreme(state, input, arguments, "min", -1);

    public static object Max(RenderState state, object input, CallArguments arguments) => Extreme(state, input, arguments, "max", 1);

    /// <summary>The value behind a path; the fallback where any part of it is missing.</summary>
    public static object AttributeOr(object item, object path, object? fallback)
    {
        if (fallback is null)
        {
            return Attributes.GetPath(item, path);
        }

        object[] parts = PyText.TryGet(path, out string? text) ? [.. text.Split('.')] : [path];
        foreach (object part in parts)
        {
            object value = Attributes.GetPath(item, part);
            item = value is Undefined ? fallback : value;
        }

        return item;
    }

    private static bool IsSet(object? value) => value is not null && PyOrder.IsTrue(value);

    /// <summary>Makes text lower case unless case matters.</summary>
    private static Func<object, object> Fold(object? isCaseSensitive) => IsSet(isCaseSensitive)
        ? value => value
        : value => PyText.TryGet(value, out string? text) ? PyText.Lower(text) : value;

    private static IEnumerable<object> Distinct(RenderState state, object input, Func<object, object> key)
    {
        var seen = new HashSet<object>(PyEquality.Instance);
        foreach (object item in state.Iterate(input))
        {
            if (seen.Add(key(item)))
            {
                yield return item;
            }
        }
    }

    private static object Extreme(RenderState state, object input, CallArguments arguments, string name, int sign)
    {
        object?[] values = arguments.Bind(name, 0, "case_sensitive", "attribute");
        Func<object, object> fold = Fold(values[0]);
        object? best = null;
        object? bestKey = null;
        foreach (object item in state.Iterate(input))
        {
            object key = fold(Attributes.GetPath(item, values[1] ?? PyNone.Value));
            if (best is null || sign * PyOrder.Compare(key, bestKey!) > 0)
            {
                (best, bestKey) = (item, key);
            }
        }

        return best ?? new Undefined("No aggregated item, sequence was empty.");
    }
}
