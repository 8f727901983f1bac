using System.Numerics;
using Rlt.Text.Jinja.Runtime;
using Rlt.Text.Jinja.Values;

namespace Rlt.Text.Jinja.Functions;

/// <summary>Filters that take parts of sequences or cut them up.</summary>
internal static class SequenceFilters
{
    public static object First(RenderState state, object input, CallArguments arguments)
    {
        arguments.Bind("first", 0);
        return state.Iterate(input).FirstOrDefault(new Undefined("No first item, sequence was empty."));
    }

    public static object Last(RenderState state, object input, CallArguments arguments)
    {
        arguments.Bind("last", 0);
        return Reversed(state, input)?.FirstOrDefault(new Undefined("No last item, sequence was empty."))
            ?? throw new RenderError($"'{PyType.Name(input)}' object is not reversible");
    }

    public static object Items(RenderState state, object input, CallArguments arguments)
    {
        arguments.Bind("items", 0);
        return input switch
        {
            PyDict dict => new PyIterator(new PyDictView(dict, "dict_items").Items),
            Undefined => new PyIterator([]),
            _ => throw new RenderError("Can only get item pairs from a mapping."),
        };
    }

    public static object Length(RenderState state, object input, CallArguments arguments)
    {
        arguments.Bind("length", 0);
        int length = Slices.Length(input);
        return length >= 0 ? (BigInteger)length : throw new RenderError($"object of type '{PyType.Name(input)}' has no len()");
    }

    public static object List(RenderState state, object input, CallArguments arguments)
    {
        arguments.Bind("list", 0);
        return new PyList([.. state.Iterate(input)]);
    }

    public static object Reverse(RenderState state, object input, CallArguments arguments)
    {
        arguments.Bind("reverse", 0);
        switch (input)
        {
            case string or Markup:
                return Slices.Take(input, null, null, -1);
            case PyIterator:
                return new PyList([.. state.Iterate(input).Reverse()]);
            default:
                return new PyIterator(Reversed(state, input) ?? throw new RenderError("argument must be iterable"), "reversed");
        }
    }

    private static IEnumerable<object>? Reversed(RenderState state, object input) =>
        input is PyIterator or LoopState || !RenderState.IsIterable(input) ? null : state.Iterate(input).Reverse();
}
