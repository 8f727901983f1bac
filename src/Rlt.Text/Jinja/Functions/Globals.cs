using System.Numerics;
using Rlt.Text.Jinja.Runtime;
using Rlt.Text.Jinja.Values;

namespace Rlt.Text.Jinja.Functions;

/// <summary>The functions every template can call.</summary>
internal static class Globals
{
    /// <summary>The outermost variables; shared, never changed.</summary>
    public static Scope Scope { get; } = MakeScope();

    private static Scope MakeScope()
    {
        var scope = new Scope(null);
        void Add(string name, Func<RenderState, CallArguments, object> body) => scope.Set(name, new BuiltinFunction(body));
        Add("range", Range);
        Add("dict", MakeDict);
        Add("namespace", (state, arguments) => new Namespace(MakeDict(state, arguments)));
        Add("raise_exception", (_, arguments) =>
            throw new RenderError(PyRepr.Str(arguments.Bind("raise_exception", 1, "message")[0]!)));
        Add("strftime_now", (state, arguments) => DateFormat.Format(
            state, PyRepr.Str(arguments.Bind("strftime_now", 1, "format")[0]!), state.Clock.GetLocalNow()));
        return scope;
    }

    private static object Range(RenderState state, CallArguments arguments)
    {
        BigInteger[] bounds = [.. arguments.Bind("range", 1, "start", "stop", "step")
            .OfType<object>()
            .Select(value => PyNumber.TryInteger(value, out BigInteger integer)
                ? integer
                : throw (value is Undefined undefined
                    ? undefined.Error() : new RenderError($"'{PyType.Name(value)}' object cannot be interpreted as an integer")))];
        return bounds.Length switch
        {
            1 => new PyRange(0, bounds[0], 1),
            2 => new PyRange(bounds[0], bounds[1], 1),
            _ => new PyRange(bounds[0], bounds[1], bounds[2]),
        };
    }

    private static PyDict MakeDict(RenderState state, CallArguments arguments)
    {
        var dict = new PyDict();
        if (arguments.Positional.Count > 1)
        {
            throw new RenderError($"dict expected at most 1 argument, got {arguments.Positional.Count}");
        }

        if (arguments.Positional.Count == 1)
        {
            object source = arguments.Positional[0];
            foreach (object pair in state.Iterate(source is PyDict given ? new PyDictView(given, "dict_items") : source))
            {
                object[] items = [.. state.Iterate(pair).Take(3)];
                if (items.Length != 2)
                {
                    throw new RenderError("dictionary update sequence elements must have length 2");
                }

                dict.Set(items[0], items[1]);
            }
        }

        foreach (var (name, value) in arguments.Named)
        {
            dict.Set(name, value);
        }

        return dict;
    }
}
