using System.Globalization;
using System.Numerics;
using Rlt.Text.Jinja.Runtime;
using Rlt.Text.Jinja.Values;

namespace Rlt.Text.Jinja.Functions;

/// <summary>The methods of str. On safe HTML they take and give safe HTML.</summary>
internal static class StringMethods
{
    private delegate object Method(RenderState state, string text, CallArguments arguments);

    private static readonly Dictionary<string, Method> s_methods = new(StringComparer.Ordinal)
    {
        ["capitalize"] = Plain("capitalize", PyText.Capitalize),
        ["count"] = (state, text, arguments) => Count(state, text, arguments),
        ["endswith"] = (_, text, arguments) => HasAffix(text, arguments, "endswith", (part, affix) => part.EndsWith(affix, StringComparison.Ordinal)),
        ["find"] = (_, text, arguments) => (BigInteger)Find(text, arguments, "find", fromEnd: false),
        ["index"] = (_, text, arguments) => FindOrFail(text, arguments, "index", fromEnd: false),
        ["isalnum"] = Plain("isalnum", text => Are(text, IsAlphanumeric)),
        ["isalpha"] = Plain("isalpha", text => Are(text, point => char.IsLetter(point, 0))),
        ["isascii"] = Plain("isascii", text => text.All(char.IsAscii)),
        ["isdecimal"] = Plain("isdecimal", text => Are(text, point => char.IsDigit(point, 0))),
        ["isdigit"] = Plain("isdigit", text => Are(text, IsDigit)),
        ["islower"] = Plain("islower", text => HasCase(text, UnicodeCategory.LowercaseLetter)),
        ["isnumeric"] = Plain("isnumeric", text => Are(text, point => char.IsNumber(point, 0))),
        ["isspace"] = Plain("isspace", text => PyText.IsBlank(text)),
        ["isupper"] = Plain("isupper", text => HasCase(text, UnicodeCategory.UppercaseLetter)),
        ["join"] = Join,
        ["lower"] = Plain("lower", PyText.Lower),
        ["lstrip"] = (_, text, arguments) => Strip(text, arguments, "lstrip"),
        ["partition"] = (_, text, arguments) => Partition(text, arguments, "partition", fromEnd: false),
        ["removeprefix"] = (_, text, arguments) =>
            TextArgument(arguments, "removeprefix") is var affix && text.StartsWith(affix, StringComparison.Ordinal) ? text[affix.Length..] : text,
        ["removesuffix"] = (_, text, arguments) =>
            TextArgument(arguments, "removesuffix") is var affix && text.EndsWith(affix, StringComparison.Ordinal) ? text[..^affix.Length] : text,
        ["replace"] = Replace,
        ["rfind"] = (_, text, arguments) => (BigInteger)Find(text, arguments, "rfind", fromEnd: true),
        ["rindex"] = (_, text, arguments) => FindOrFail(text, arguments, "rindex", fromEnd: true),
        ["rpartition"] = (_, text, arguments) => Partition(text, arguments, "rpartition", fromEnd: true),
        ["rsplit"] = (state, text, arguments) => TextSplitting.Split(state, text, arguments, fromEnd: true),
        ["rstrip"] = (_, text, arguments) => Strip(text, arguments, "rstrip"),
        ["split"] = (state, text, arguments) => TextSplitting.Split(state, text, arguments, fromEnd: false),
        ["splitlines"] = (state, text, arguments) => TextSplitting.SplitLines(state, text, arguments),
        ["startswith"] = (_, text, arguments) => HasAffix(text, arguments, "startswith", (part, affix) => part.StartsWith(affix, StringComparison.Ordinal)),
        ["strip"] = (_, text, arguments) => Strip(text, arguments, "strip"),
        ["title"] = Plain("title", PyText.Title),
        ["upper"] = Plain("upper", PyText.Upper),
    };

    /// <summary>A method bound to a text, or null if strings have none of this name.</summary>
    public static BuiltinFunction? Find(string text, string name, bool isSafe)
    {
        if (!s_methods.TryGetValue(name, out Method? method))
        {
            return null;
        }

        return isSafe
            ? new BuiltinFunction((state, arguments) => MarkSafe(method(state, text, EscapeArguments(state, name, arguments))))
            : new BuiltinFunction((state, arguments) => method(state, text, arguments));
    }

    /// <summary>Text.replace(old, new, count); a negative count replaces all.</summary>
    public static string Replace(RenderState state, string text, string old, string value, int count)
    {
        if (count == 0)
        {
            return text;
        }

        if (old.Length == 0)
        {
            IEnumerable<string> points = PyText.CodePoints(text);
            int left = count < 0 ? int.MaxValue : count;
            string spread = string.Concat(points.Select(point => left-- > 0 ? value + point : point));
            return state.Built(left > 0 ? spread + value : spread);
        }

        var pieces = new List<string>();
        int start = 0;
        while (count-- != 0 && text.IndexOf(old, start, StringComparison.Ordinal) is int at and >= 0)
        {
            pieces.Add(text[start..at]);
            start = at + old.Length;
        }

        pieces.Add(text[start..]);
        state.ChargeText(text.Length + ((long)value.Length * pieces.Count));
        return string.Join(value, pieces);
    }

    /// <summary>Text without the characters of a set (whitespace where it is null) on the sides asked for.</summary>
    public static string Strip(string text, string? characters, bool atStart, bool atEnd)
    {
        if (characters is null)
        {
            text = atStart ? PyText.TrimStart(text) : text;
            return atEnd ? PyText.TrimEnd(text) : text;
        }

        var set = PyText.CodePoints(characters).ToHashSet();
        List<string> points = [.. PyText.CodePoints(text)];
        int first = 0;
        int end = points.Count;
        while (atStart && first < end && set.Contains(points[first]))
        {
            first++;
        }

        while (atEnd && end > first && set.Contains(points[end - 1]))
        {
            end--;
        }

        return string.Concat(points.Take(first..end));
    }

    /// <summary>Whether every cased character has this case and there is one.</summary>
    public static bool HasCase(string text, UnicodeCategory category)
    {
        bool found = false;
        foreach (string point in PyText.CodePoints(text))
        {
            if (PyText.IsCased(point))
            {
                if (CharUnicodeInfo.GetUnicodeCategory(point, 0) != category)
                {
                    return false;
                }

                found = true;
            }
        }

        return found;
    }

    /// <summary>A method without arguments.</summary>
    private static Method Plain(string name, Func<string, object> body) => (_, text, arguments) =>
    {
        arguments.Bind(name, 0);
        return body(text);
    };

    private static string TextArgument(CallArguments arguments, string method) => Text(arguments.Bind(method, 1, "value")[0]!, method);

    private static string Text(object value, string method) => PyText.TryGet(value, out string? text) ? text
        : value is Undefined undefined ? throw undefined.Error()
        : throw new RenderError($"{method}() argument must be str, not {PyType.Name(value)}");

    private static bool Are(string text, Func<string, bool> test) => text.Length > 0 && PyText.CodePoints(text).All(test);

    private static bool IsAlphanumeric(string point) => char.IsLetter(point, 0) || char.IsNumber(point, 0);

    private static bool IsDigit(string point) => char.IsDigit(point, 0)
        || (CharUnicodeInfo.GetUnicodeCategory(point, 0) == UnicodeCategory.OtherNumber && CharUnicodeInfo.GetDigitValue(point, 0) >= 0);

    private static BigInteger Count(RenderState state, string text, CallArguments arguments)
    {
        object?[] values = arguments.Bind("count", 1, "sub", "start", "end");
        string part = Text(values[0]!, "count");
        string range = Range(text, values[1], values[2], out _);
        state.ChargeText(range.Length);
        if (part.Length == 0)
        {
            return (BigInteger)(PyText.Length(range) + 1);
        }

        BigInteger count = 0;
        for (int at = range.IndexOf(part, StringComparison.Ordinal); at >= 0; at = range.IndexOf(part, at + part.Length, StringComparison.Ordinal))
        {
            count++;
        }

        return count;
    }

    private static int Find(string text, CallArguments arguments, string method, bool fromEnd)
    {
        object?[] values = arguments.Bind(method, 1, "sub", "start", "end");
        string part = Text(values[0]!, method);
        string range = Range(text, values[1], values[2], out int first);
        if (first > PyText.Length(text))
        {
            return -1;
        }

        int at = fromEnd ? range.LastIndexOf(part, StringComparison.Ordinal) : range.IndexOf(part, StringComparison.Ordinal);
        return at < 0 ? -1 : first + PyText.Length(range[..at]);
    }

    private static BigInteger FindOrFail(string text, CallArguments arguments, string method, bool fromEnd)
    {
        int at = Find(text, arguments, method, fromEnd);
        return at >= 0 ? (BigInteger)at : throw new RenderError("substring not found");
    }

    private static string Range(string text, object? start, object? end, out int first)
    {
        int? Bound(object? value) => value is null or PyNone ? null : PyNumber.ToInt(value, "a slice index");
        int length = PyText.Length(text);
        int begin = Bound(start) ?? 0;
        first = begin < 0 ? Math.Max(begin + length, 0) : begin;
        return (string)Slices.Take(text, first, Bound(end), null);
    }

    private static bool HasAffix(string text, CallArguments arguments, string method, Func<string, string, bool> test)
    {
        object?[] values = arguments.Bind(method, 1, "prefix", "start", "end");
        string range = Range(text, values[1], values[2], out int first);
        if (first > PyText.Length(text))
        {
            return false;
        }

        return values[0] is PyTuple tuple
            ? tuple.Items.Any(affix => test(range, Text(affix, method)))
            : test(range, Text(values[0]!, method));
    }

    private static string Join(RenderState state, string text, CallArguments arguments)
    {
        var parts = new List<string>();
        long length = 0;
        foreach (object item in state.Iterate(arguments.Bind("join", 1, "iterable")[0]!))
        {
            string part = PyText.TryGet(item, out string? value)
                ? value
                : throw new RenderError($"sequence item {parts.Count}: expected str instance, {PyType.Name(item)} found");
            parts.Add(part);
            length += part.Length + text.Length;
            state.CheckLength(length);
        }

        state.ChargeText(length);
        return string.Join(text, parts);
    }

    private static PyTuple Partition(string text, CallArguments arguments, string method, bool fromEnd)
    {
        string separator = TextArgument(arguments, method);
        if (separator.Length == 0)
        {
            throw new RenderError("empty separator");
        }

        int at = fromEnd ? text.LastIndexOf(separator, StringComparison.Ordinal) : text.IndexOf(separator, StringComparison.Ordinal);
        return at >= 0 ? new PyTuple([text[..at], separator, text[(at + separator.Length)..]])
            : new PyTuple(fromEnd ? ["", "", text] : [text, "", ""]);
    }

    private static string Replace(RenderState state, string text, CallArguments arguments)
    {
        object?[] values = arguments.Bind("replace", 2, "old", "new", "count");
        int count = values[2] is null ? -1 : PyNumber.ToInt(values[2]!, "count");
        return Replace(state, text, Text(values[0]!, "replace"), Text(values[1]!, "replace"), count);
    }

    private static string Strip(string text, CallArguments arguments, string method)
    {
        object? characters = arguments.Bind(method, 0, "chars")[0];
        string? set = characters is null or PyNone ? null : Text(characters, method);
        return Strip(text, set, method != "rstrip", method != "lstrip");
    }

    private static object MarkSafe(object result) => result switch
    {
        string text => new Markup(text),
        PyList list => new PyList([.. list.Items.Select(MarkSafe)]),
        PyTuple tuple => new PyTuple([.. tuple.Items.Select(MarkSafe)]),
        _ => result,
    };

    private static CallArguments EscapeArguments(RenderState state, string method, CallArguments arguments) => method switch
    {
        "join" when arguments.Positional.Count == 1 => arguments with
        {
            Positional = [new PyList([.. state.Iterate(arguments.Positional[0]).Select(x => EscapeText(PyText.TryGet(x, out _) ? x : PyRepr.Str(x)))])],
        },
        "replace" => new CallArguments(
            [.. arguments.Positional.Select(EscapeText)],
            [.. arguments.Named.Select(pair => KeyValuePair.Create(pair.Key, EscapeText(pair.Value)))]),
        _ => arguments,
    };

    private static object EscapeText(object value) => value is string text ? PyText.Escape(text) : value;
}
