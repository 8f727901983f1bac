using System.Numerics;
using Rlt.Text.Jinja.Runtime;
using Rlt.Text.Jinja.Values;

namespace Rlt.Text.Jinja.Functions;

/// <summary>Filters that take parts of sequences or cut them up.</summary>
internal static class SequenceFilters
{
    public static object Attribute(RenderState state, object input, CallArguments arguments) =>
        Attributes.GetOnlyAttribute(input, PyRepr.Str(arguments.Bind("attr", 1, "name")[0]!));

    public static object Batch(RenderState state, object input, CallArguments arguments)
    {
        object?[] values = arguments.Bind("batch", 1, "linecount", "fill_with");
        int size = PyNumber.ToInt(values[0]!, "linecount");
        return new PyIterator(Batches(state, input, size, values[1]));
    }

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

    public static object Slice(RenderState state, object input, CallArguments arguments)
    {
        object?[] values = arguments.Bind("slice", 1, "slices", "fill_with");
        return new PyIterator(SliceUp(state, input, PyNumber.ToInt(values[0]!, "slices"), values[1]));
    }

    private static IEnumerable<object>? Reversed(RenderState state, object input) =>
        input is PyIterator or LoopState || !RenderState.IsIterable(input) ? null : state.Iterate(input).Reverse();

    private static IEnumerable<object> Batches(RenderState state, object input, int size, object? fill)
    {
        var batch = new List<object>();
        foreach (object item in state.Iterate(input))
        {
            if (batch.Count == size)
            {
                yield return new PyList(batch);
                batch = [];
            }

            batch.Add(item);
        }

        if (batch.Count > 0)
        {
            for (; fill is not (null or PyNone) && batch.Count < size; state.Charge())
            {
                batch.Add(fill);
            }

            yield return new PyList(batch);
        }
    }

    private static IEnumerable<object> SliceUp(RenderState state, object input, int slices, object? fill)
    {
        object[] items = [.. state.Iterate(input)];
        if (slices == 0)
        {
            throw new RenderError("integer division or modulo by zero");
        }

        int size = items.Length / slices;
        int withExtra = items.Length % slices;
        int start = 0;
        for (int slice = 0; slice < slices; slice++)
        {
            state.Charge();
            int end = start + size + (slice < withExtra ? 1 : 0);
            IEnumerable<object> part = items[start..end];
            yield return new PyList([.. fill is not (null or PyNone) && slice >= withExtra ? part.Append(fill) : part]);
            start = end;
        }
    }
}
