using System.Globalization;
using System.Numerics;
using Rlt.Text.Jinja.Runtime;
using Rlt.Text.Jinja.Values;

namespace Rlt.Text.Jinja.Functions;

/// <summary>Jinja's tests: what stands behind "is".</summary>
internal static class Tests
{
    private static readonly Dictionary<string, Test> s_tests = MakeTests();

    private delegate bool Test(RenderState state, object input, CallArguments arguments);

    public static bool Exists(string name) => s_tests.ContainsKey(name);

    public static object Apply(RenderState state, string name, object input, CallArguments arguments) =>
        s_tests.TryGetValue(name, out Test? test)
            ? test(state, input, arguments)
            : throw new RenderError($"No test named '{name}'.");

    private static Dictionary<string, Test> MakeTests()
    {
        var tests = new Dictionary<string, Test>(StringComparer.Ordinal)
        {
            ["divisibleby"] = (state, input, arguments) => IsRemainder(state, input, arguments.Bind("divisibleby", 1, "num")[0]!, 0),
            ["in"] = (state, input, arguments) => Operators.Contains(state, arguments.Bind("in", 1, "seq")[0]!, input),
            ["sameas"] = (_, input, arguments) => IsSame(input, arguments.Bind("sameas", 1, "other")[0]!),
            ["odd"] = (state, input, arguments) => Alone(arguments) && IsRemainder(state, input, (BigInteger)2, 1),
            ["even"] = (state, input, arguments) => Alone(arguments) && IsRemainder(state, input, (BigInteger)2, 0),
        };
        Add(tests, "defined", value => value is not Undefined);
        Add(tests, "undefined", value => value is Undefined);
        Add(tests, "none", value => value is PyNone);
        Add(tests, "boolean", value => value is bool);
        Add(tests, "true", value => value is true);
        Add(tests, "false", value => value is false);
        Add(tests, "integer", value => value is BigInteger);
        Add(tests, "float", value => value is double);
        Add(tests, "number", PyNumber.IsNumber);
        Add(tests, "string", value => value is string or Markup);
        Add(tests, "mapping", value => value is PyDict);
        Add(tests, "iterable", RenderState.IsIterable);
        Add(tests, "callable", value => value is ICallable or Undefined);
        Add(tests, "escaped", value => value is Markup);
        Add(tests, "sequence", value => value is string or Markup or PyList or PyTuple or PyDict or PyRange or Undefined);
        Add(tests, "lower", value => StringMethods.HasCase(PyRepr.Str(value), UnicodeCategory.LowercaseLetter));
        Add(tests, "upper", value => StringMethods.HasCase(PyRepr.Str(value), UnicodeCategory.UppercaseLetter));
        Add(tests, "filter", value => PyText.TryGet(Hashable(value), out string? name) && Filters.Exists(name));
        Add(tests, "test", value => PyText.TryGet(Hashable(value), out string? name) && Exists(name));
        AddComparison(tests, "==", "eq", "equalto");
        AddComparison(tests, "!=", "ne");
        AddComparison(tests, ">", "gt", "greaterthan");
        AddComparison(tests, ">=", "ge");
        AddComparison(tests, "<", "lt", "lessthan");
        AddComparison(tests, "<=", "le");
        return tests;
    }

    private static void Add(Dictionary<string, Test> tests, string name, Func<object, bool> test) =>
        tests.Add(name, (_, input, arguments) => Alone(arguments) && test(input));

    private static void AddComparison(Dictionary<string, Test> tests, string op, params ReadOnlySpan<string> names)
    {
        bool Compare(RenderState state, object input, CallArguments arguments) =>
            Operators.Compare(state, op, input, arguments.Bind(op, 1, "other")[0]!);

        tests.Add(op, Compare);
        foreach (string name in names)
        {
            tests.Add(name, Compare);
        }
    }

    private static object Hashable(object value)
    {
        PyEquality.Instance.GetHashCode(value);
        return value;
    }

    private static bool Alone(CallArguments arguments)
    {
        arguments.Bind("test", 0);
        return true;
    }

    private static bool IsRemainder(RenderState state, object input, object divisor, int remainder) =>
        PyEquality.AreEqual(Operators.Apply(state, "%", input, divisor), (BigInteger)remainder);

    /// <summary>Python's "is": the same object; small numbers and short strings are shared there.</summary>
    private static bool IsSame(object left, object right) => (left, right) switch
    {
        (bool a, bool b) => a == b,
        (BigInteger a, BigInteger b) => a == b,
        (string a, string b) => a == b,
        _ => ReferenceEquals(left, right),
    };
}
