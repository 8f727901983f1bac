using System.Numerics;
using Rlt.Text.Jinja.Functions;
using Rlt.Text.Jinja.Values;

namespace Rlt.Text.Jinja.Runtime;

/// <summary>"value.name" and "value[key]". A method wins over a key with a dot, a key over a method in brackets.</summary>
internal static class Attributes
{
    private static readonly HashSet<string> s_listChanges =
        ["append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove"];

    private static readonly HashSet<string> s_dictChanges = ["clear", "pop", "popitem", "setdefault", "update"];

    public static object Get(object target, string name)
    {
        if (target is Undefined undefined)
        {
            throw undefined.Error();
        }

        if (FindAttribute(target, name) is object attribute)
        {
            return attribute;
        }

        return target is PyDict dict && dict.TryGet(name, out object? value) ? value : Missing(target, name);
    }

    public static object GetItem(object target, object key)
    {
        if (target is Undefined undefined)
        {
            throw undefined.Error();
        }

        if (FindItem(target, key) is object item)
        {
            return item;
        }

        return PyText.TryGet(key, out string? name) && FindAttribute(target, name) is object attribute ? attribute : Missing(target, key);
    }

    /// <summary>The value behind a path such as "function.name" or "items.0".</summary>
    public static object GetPath(object target, object path)
    {
        if (!PyText.TryGet(path, out string? text))
        {
            return path is PyNone ? target : GetItem(target, path);
        }

        foreach (string part in text.Split('.'))
        {
            bool isIndex = part.Length > 0 && part.All(char.IsAsciiDigit);
            target = GetItem(target, isIndex ? BigInteger.Parse(part, System.Globalization.CultureInfo.InvariantCulture) : part);
        }

        return target;
    }

    private static Undefined Missing(object target, object key) => new(PyText.TryGet(key, out string? name)
        ? $"'{PyType.Description(target)}' has no attribute '{name}'"
        : $"{PyType.Description(target)} has no element {PyRepr.Repr(key)}");

    private static Undefined Unsafe(object target, string name) =>
        new($"access to attribute '{name}' of '{PyType.Name(target)}' object is unsafe.");

    private static object? FindItem(object target, object key)
    {
        if (target is PyDict dict)
        {
            return key is not (PyList or PyDict or PyDictView) && dict.TryGet(key, out object? value) ? value : null;
        }

        if (!PyNumber.TryInteger(key, out BigInteger index))
        {
            return null;
        }

        if (PyText.TryGet(target, out string? text))
        {
            string? point = Character(text, index);
            return point is not null && target is Markup ? new Markup(point) : point;
        }

        return target switch
        {
            PyList list => At(list.Items.Count, index, i => list.Items[i]),
            PyTuple tuple => At(tuple.Items.Count, index, i => tuple.Items[i]),
            PyRange range => At(range.Length, index, i => range[i]),
            _ => null,
        };
    }

    private static string? Character(string text, BigInteger index)
    {
        if (!PyText.HasSurrogates(text))
        {
            return (string?)At(text.Length, index, i => text[i].ToString());
        }

        string[] points = [.. PyText.CodePoints(text)];
        return (string?)At(points.Length, index, i => points[i]);
    }

    private static object? At(int length, BigInteger index, Func<int, object> item)
    {
        BigInteger at = index.Sign < 0 ? index + length : index;
        return at.Sign >= 0 && at < length ? item((int)at) : null;
    }

    private static object? FindAttribute(object target, string name)
    {
        // Names with an underscore in front are Python's own; the sandbox hides them.
        if (name.StartsWith('_'))
        {
            return name.StartsWith("__", StringComparison.Ordinal) && target is not PyDict ? Unsafe(target, name) : null;
        }

        return target switch
        {
            string text => StringMethods.Find(text, name, isSafe: false),
            Markup markup => StringMethods.Find(markup.Text, name, isSafe: true),
            PyDict dict => DictMethod(dict, name),
            PyList list => s_listChanges.Contains(name) ? Unsafe(list, name)
                : name == "copy" ? new BuiltinFunction((_, _) => list)
                : SequenceMethod(list.Items, name),
            PyTuple tuple => SequenceMethod(tuple.Items, name),
            Namespace space => space.Attributes.TryGet(name, out object? value) ? value : null,
            LoopState loop => loop.Attribute(name),
            PyRange range => RangeAttribute(range, name),
            _ => null,
        };
    }

    private static object? DictMethod(PyDict dict, string name) => name switch
    {
        "get" => new BuiltinFunction((_, arguments) =>
        {
            object?[] values = arguments.Bind("get", 1, "key", "default");
            return dict.TryGet(values[0]!, out object? value) ? value : values[1] ?? PyNone.Value;
        }),
        "items" or "keys" or "values" => new BuiltinFunction((_, arguments) =>
        {
            arguments.Bind(name, 0);
            return new PyDictView(dict, "dict_" + name);
        }),
        "copy" => new BuiltinFunction((_, _) => dict),
        _ => s_dictChanges.Contains(name) ? Unsafe(dict, name) : null,
    };

    private static BuiltinFunction? SequenceMethod(IReadOnlyList<object> items, string name) => name switch
    {
        "count" => new BuiltinFunction((_, arguments) =>
        {
            object item = arguments.Bind(name, 1, "value")[0]!;
            return (BigInteger)items.Count(other => PyEquality.AreEqual(item, other));
        }),
        "index" => new BuiltinFunction((_, arguments) =>
        {
            object?[] values = arguments.Bind(name, 1, "value", "start", "stop");
            int first = Bound(values[1], 0, items.Count);
            int end = Bound(values[2], items.Count, items.Count);
            for (int i = first; i < end; i++)
            {
                if (PyEquality.AreEqual(items[i], values[0]!))
                {
                    return (BigInteger)i;
                }
            }

            throw new RenderError($"{PyRepr.Repr(values[0]!)} is not in list");
        }),
        _ => null,
    };

    private static int Bound(object? value, int fallback, int length)
    {
        int bound = value is null ? fallback : PyNumber.ToInt(value, "a slice index");
        return Math.Clamp(bound < 0 ? bound + length : bound, 0, length);
    }

    private static object? RangeAttribute(PyRange range, string name) => name switch
    {
        "start" => range.Start,
        "stop" => range.Stop,
        "step" => range.Step,
        _ => SequenceMethod([.. Enumerable.Range(0, range.Length).Select(i => range[i])], name),
    };
}
