using Rlt.Text.Jinja.Runtime;
using Rlt.Text.Jinja.Values;

namespace Rlt.Text.Jinja.Functions;

/// <summary>map, select, reject and their attribute forms; all give iterators.</summary>
internal static class SelectionFilters
{
    public static object Map(RenderState state, object input, CallArguments arguments) => new PyIterator(MapItems(state, input, arguments));

    public static object Select(RenderState state, object input, CallArguments arguments) =>
        new PyIterator(Choose(state, input, arguments, byAttribute: false, keeps: true));

    public static object Reject(RenderState state, object input, CallArguments arguments) =>
        new PyIterator(Choose(state, input, arguments, byAttribute: false, keeps: false));

    public static object SelectByAttribute(RenderState state, object input, CallArguments arguments) =>
        new PyIterator(Choose(state, input, arguments, byAttribute: true, keeps: true));

    public static object RejectByAttribute(RenderState state, object input, CallArguments arguments) =>
        new PyIterator(Choose(state, input, arguments, byAttribute: true, keeps: false));

    private static IEnumerable<object> MapItems(RenderState state, object input, CallArguments arguments)
    {
        // Whatever is false, None included, is an empty sequence here.
        if (!PyOrder.IsTrue(input))
        {
            yield break;
        }

        Func<object, object> map = arguments.Positional.Count == 0 && arguments.Find("attribute") is not null
            ? MapToAttribute(arguments)
            : MapToFilter(state, arguments);
        foreach (object item in state.Iterate(input))
        {
            yield return map(item);
        }
    }

    private static Func<object, object> MapToAttribute(CallArguments arguments)
    {
        object?[] values = arguments.Bind("map", 1, "attribute", "default");
        object? fallback = values[1] is PyNone ? null : values[1];
        return item => OrderFilters.AttributeOr(item, values[0]!, fallback);
    }

    private static Func<object, object> MapToFilter(RenderState state, CallArguments arguments)
    {
        if (arguments.Positional.Count == 0)
        {
            throw new RenderError("map requires a filter argument");
        }

        string name = PyRepr.Str(arguments.Positional[0]);
        CallArguments rest = arguments.Skip(1);
        return item => Filters.Apply(state, name, item, rest);
    }

    private static IEnumerable<object> Choose(RenderState state, object input, CallArguments arguments, bool byAttribute, bool keeps)
    {
        if (!PyOrder.IsTrue(input))
        {
            yield break;
        }

        int used = byAttribute ? 1 : 0;
        if (arguments.Positional.Count < used)
        {
            throw new RenderError("Missing parameter for attribute name");
        }

        bool hasTest = arguments.Positional.Count > used;
        string test = hasTest ? PyRepr.Str(arguments.Positional[used]) : "";
        CallArguments rest = hasTest ? arguments.Skip(used + 1) : arguments;
        foreach (object item in state.Iterate(input))
        {
            object value = byAttribute ? Attributes.GetPath(item, arguments.Positional[0]) : item;
            if (PyOrder.IsTrue(hasTest ? Tests.Apply(state, test, value, rest) : value) == keeps)
            {
                yield return item;
            }
        }
    }
}
