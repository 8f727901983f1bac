using System.Numerics;
using Rlt.Text.Jinja.Runtime;
using Rlt.Text.Jinja.Values;

namespace Rlt.Text.Jinja.Functions;

/// <summary>Filters on numbers.</summary>
internal static class NumberFilters
{
    public static object Absolute(RenderState state, object input, CallArguments arguments)
    {
        arguments.Bind("abs", 0);
        return input is double number ? Math.Abs(number)
            : PyNumber.TryInteger(input, out BigInteger integer) ? BigInteger.Abs(integer)
            : throw new RenderError($"bad operand type for abs(): '{PyType.Name(input)}'");
    }

    public static object Integer(RenderState state, object input, CallArguments arguments)
    {
        object?[] values = arguments.Bind("int", 0, "default", "base");
        object fallback = values[0] ?? BigInteger.Zero;
        int radix = values[1] is null ? 10 : PyNumber.ToInt(values[1]!, "base");
        if (input is Undefined undefined)
        {
            throw undefined.Error();
        }

        if (PyText.TryGet(input, out string? text))
        {
            return PyNumber.TryParseInteger(text, radix, out BigInteger? integer) ? integer.Value
                : PyNumber.TryParseFloat(text, out double number) && double.IsFinite(number) ? new BigInteger(number)
                : fallback;
        }

        return input is double value ? double.IsFinite(value) ? new BigInteger(value) : fallback
            : PyNumber.IsNumber(input) ? PyNumber.Plus(input) : fallback;
    }

    public static object Float(RenderState state, object input, CallArguments arguments)
    {
        object fallback = arguments.Bind("float", 0, "default")[0] ?? 0.0;
        if (input is Undefined undefined)
        {
            throw undefined.Error();
        }

        return PyNumber.IsNumber(input) ? PyNumber.ToDouble(input)
            : PyText.TryGet(input, out string? text) && PyNumber.TryParseFloat(text, out double value) ? value
            : fallback;
    }

    public static object Round(RenderState state, object input, CallArguments arguments)
    {
        object?[] values = arguments.Bind("round", 0, "precision", "method");
        int decimals = values[0] is null ? 0 : PyNumber.ToInt(values[0]!, "precision");
        string method = values[1] is null ? "common" : PyRepr.Str(values[1]!);
        if (method is not ("common" or "ceil" or "floor"))
        {
            throw new RenderError("method must be common, ceil or floor");
        }

        if (!PyNumber.IsNumber(input))
        {
            throw input is Undefined undefined ? undefined.Error()
                : new RenderError($"type {PyType.Name(input)} doesn't define __round__ method");
        }

        if (method == "common")
        {
            return PyNumber.TryInteger(input, out BigInteger integer) ? RoundInteger(integer, decimals) : PyFloat.Round((double)input, decimals);
        }

        object scale = PyNumber.Apply("**", (BigInteger)10, (BigInteger)decimals);
        double scaled = PyNumber.ToDouble(PyNumber.Apply("*", input, scale));
        double whole = method == "ceil" ? Math.Ceiling(scaled) : Math.Floor(scaled);
        return double.IsFinite(whole) ? PyNumber.Apply("/", new BigInteger(whole), scale) : throw new RenderError("cannot round a number that is not finite");
    }

    public static object Sum(RenderState state, object input, CallArguments arguments)
    {
        object?[] values = arguments.Bind("sum", 0, "attribute", "start");
        object total = values[1] ?? BigInteger.Zero;
        if (total is string)
        {
            throw new RenderError("sum() can't sum strings [use ''.join(seq) instead]");
        }

        foreach (object item in state.Iterate(input))
        {
            total = Operators.Apply(state, "+", total, values[0] is null or PyNone ? item : Attributes.GetPath(item, values[0]!));
        }

        return total;
    }

    private static BigInteger RoundInteger(BigInteger value, int decimals)
    {
        if (decimals >= 0)
        {
            return value;
        }

        if (decimals < -5000)
        {
            return 0;
        }

        BigInteger scale = BigInteger.Pow(10, -decimals);
        BigInteger quotient = BigInteger.DivRem(BigInteger.Abs(value), scale, out BigInteger remainder);
        int half = (remainder * 2).CompareTo(scale);
        quotient += half > 0 || (half == 0 && !quotient.IsEven) ? 1 : 0;
        return quotient * scale * value.Sign;
    }
}
