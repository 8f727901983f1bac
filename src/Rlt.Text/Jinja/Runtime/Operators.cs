using System.Numerics;
using Rlt.Text.Jinja.Values;

namespace Rlt.Text.Jinja.Runtime;

/// <summary>Arithmetic on every kind of value, comparison and membership.</summary>
internal static class Operators
{
    public static object Apply(RenderState state, string op, object left, object right)
    {
        if (PyNumber.IsNumber(left) && PyNumber.IsNumber(right))
        {
            return PyNumber.Apply(op, left, right);
        }

        ThrowIfUndefined(left);
        ThrowIfUndefined(right);
        return op switch
        {
            "+" => Add(state, left, right),
            "*" when PyNumber.TryInteger(right, out BigInteger count) && Repeat(state, left, count) is object repeated => repeated,
            "*" when PyNumber.TryInteger(left, out BigInteger count) && Repeat(state, right, count) is object repeated => repeated,
            _ => throw Unsupported(op, left, right),
        };
    }

    public static bool Compare(RenderState state, string op, object left, object right) => op switch
    {
        "==" => PyEquality.AreEqual(left, right),
        "!=" => !PyEquality.AreEqual(left, right),
        "<" => PyOrder.Compare(left, right, op) < 0,
        "<=" => PyOrder.Compare(left, right, op) <= 0,
        ">" => PyOrder.Compare(left, right, op) > 0,
        ">=" => PyOrder.Compare(left, right, op) >= 0,
        "in" => Contains(state, right, left),
        _ => !Contains(state, right, left),
    };

    public static bool Contains(RenderState state, object container, object item)
    {
        if (PyText.TryGet(container, out string? text))
        {
            return PyText.TryGet(item, out string? part)
                ? text.Contains(part, StringComparison.Ordinal)
                : throw new RenderError($"'in <string>' requires string as left operand, not {PyType.Name(item)}");
        }

        return container switch
        {
            PyDict dict => dict.TryGet(item, out _),
            PyDictView { Kind: "dict_keys" } view => view.Dict.TryGet(item, out _),
            _ when RenderState.IsIterable(container) => state.Iterate(container).Any(other => PyEquality.AreEqual(item, other)),
            _ => throw new RenderError($"argument of type '{PyType.Name(container)}' is not iterable"),
        };
    }

    private static object Add(RenderState state, object left, object right)
    {
        if (PyText.TryGet(left, out string? leftText) && PyText.TryGet(right, out string? rightText))
        {
            bool isSafe = left is Markup || right is Markup;
            leftText = isSafe && left is string ? PyText.Escape(leftText) : leftText;
            rightText = isSafe && right is string ? PyText.Escape(rightText) : rightText;
            state.ChargeText((long)leftText.Length + rightText.Length);
            return isSafe ? new Markup(leftText + rightText) : leftText + rightText;
        }

        switch (left, right)
        {
            case (PyList a, PyList b):
                state.Charge(a.Items.Count + b.Items.Count);
                return new PyList([.. a.Items, .. b.Items]);
            case (PyTuple a, PyTuple b):
                state.Charge(a.Items.Count + b.Items.Count);
                return new PyTuple([.. a.Items, .. b.Items]);
            case (string, _):
                throw new RenderError($"can only concatenate str (not \"{PyType.Name(right)}\") to str");
            case (PyList or PyTuple, _):
                throw new RenderError($"can only concatenate {PyType.Name(left)} (not \"{PyType.Name(right)}\") to {PyType.Name(left)}");
            default:
                throw Unsupported("+", left, right);
        }
    }

    private static object? Repeat(RenderState state, object value, BigInteger count)
    {
        int times = (int)BigInteger.Clamp(count, 0, int.MaxValue);
        switch (value)
        {
            case string text:
                return RepeatText(state, text, times);
            case Markup markup:
                return new Markup(RepeatText(state, markup.Text, times));
            case PyList list:
                state.Charge((long)list.Items.Count * times);
                return new PyList(RepeatItems(list.Items, times));
            case PyTuple tuple:
                state.Charge((long)tuple.Items.Count * times);
                return new PyTuple(RepeatItems(tuple.Items, times));
            default:
                return null;
        }
    }

    private static string RepeatText(RenderState state, string text, int times)
    {
        state.ChargeText((long)text.Length * times);
        return text.Length == 0 ? text : string.Concat(Enumerable.Repeat(text, times));
    }

    private static object[] RepeatItems(IReadOnlyList<object> items, int times) =>
        items.Count == 0 ? [] : [.. Enumerable.Repeat(items, times).SelectMany(copy => copy)];

    private static void ThrowIfUndefined(object value)
    {
        if (value is Undefined undefined)
        {
            throw undefined.Error();
        }
    }

    private static RenderError Unsupported(string op, object left, object right) =>
        new($"unsupported operand type(s) for {op}: '{PyType.Name(left)}' and '{PyType.Name(right)}'");
}
