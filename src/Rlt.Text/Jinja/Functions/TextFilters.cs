using System.Text.RegularExpressions;
using Rlt.Text.Jinja.Runtime;
using Rlt.Text.Jinja.Values;

namespace Rlt.Text.Jinja.Functions;

/// <summary>Filters that make text.</summary>
internal static partial class TextFilters
{
    /// <summary>A filter that changes text and keeps safe HTML safe.</summary>
    public static Filters.Filter Change(Func<string, string> change) => (state, input, arguments) =>
    {
        arguments.Bind("filter", 0);
        string text = state.Built(change(PyRepr.Str(input)));
        return input is Markup ? new Markup(text) : text;
    };

    public static object Escape(RenderState state, object input, CallArguments arguments)
    {
        arguments.Bind("escape", 0);
        return input as Markup ?? new Markup(state.Built(PyText.Escape(PyRepr.Str(input))));
    }

    public static object MarkSafe(RenderState state, object input, CallArguments arguments)
    {
        arguments.Bind("safe", 0);
        return new Markup(PyRepr.Str(input));
    }

    public static object Indent(RenderState state, object input, CallArguments arguments)
    {
        object?[] values = arguments.Bind("indent", 0, "width", "first", "blank");
        string indent = values[0] is null ? "    "
            : PyText.TryGet(values[0]!, out string? given) ? given
            : new string(' ', Math.Clamp(PyNumber.ToInt(values[0]!, "width"), 0, 10_000));
        bool indentsFirst = values[1] is not null && PyOrder.IsTrue(values[1]!);
        bool indentsBlank = values[2] is not null && PyOrder.IsTrue(values[2]!);
        if (!PyText.TryGet(input, out string? text))
        {
            throw input is Undefined undefined ? undefined.Error()
                : new RenderError($"unsupported operand type(s) for +=: '{PyType.Name(input)}' and 'str'");
        }

        List<string> lines = PyText.SplitLines(text + "\n");
        state.ChargeText(text.Length + ((long)lines.Count * indent.Length));
        IEnumerable<string> rest = lines.Skip(1).Select(line => indentsBlank || line.Length > 0 ? indent + line : line);
        string result = (indentsFirst ? indent : "") + string.Join('\n', rest.Prepend(lines[0]));
        return input is Markup ? new Markup(result) : result;
    }

    public static object Join(RenderState state, object input, CallArguments arguments)
    {
        object?[] values = arguments.Bind("join", 0, "d", "attribute");
        string separator = values[0] is null ? "" : PyRepr.Str(values[0]!);
        var parts = new List<string>();
        long length = 0;
        foreach (object item in state.Iterate(input))
        {
            string part = PyRepr.Str(values[1] is null or PyNone ? item : Attributes.GetPath(item, values[1]!));
            parts.Add(part);
            length += part.Length + separator.Length;
            state.CheckLength(length);
        }

        state.ChargeText(length);
        return string.Join(separator, parts);
    }

    public static object Replace(RenderState state, object input, CallArguments arguments)
    {
        object?[] values = arguments.Bind("replace", 2, "old", "new", "count");
        int count = values[2] is null or PyNone ? -1 : PyNumber.ToInt(values[2]!, "count");
        return StringMethods.Replace(state, PyRepr.Str(input), PyRepr.Str(values[0]!), PyRepr.Str(values[1]!), count);
    }

    /// <summary>Words begin behind spaces, hyphens and opening brackets.</summary>
    public static string Title(string text) => string.Concat(WordStart().Split(text)
        .Where(part => part.Length > 0)
        .Select(part => PyText.UnitIndex(part, 1) is var first ? PyText.Upper(part[..first]) + PyText.Lower(part[first..]) : part));

    public static object ToJson(RenderState state, object input, CallArguments arguments)
    {
        object?[] values = arguments.Bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys");
        string? indent = values[1] is null or PyNone ? null
            : PyText.TryGet(values[1]!, out string? given) ? given
            : new string(' ', Math.Clamp(PyNumber.ToInt(values[1]!, "indent"), 0, 100));
        string[] separators = values[2] is null or PyNone
            ? [indent is null ? ", " : ",", ": "]
            : [.. state.Iterate(values[2]!).Select(PyRepr.Str)];
        if (separators.Length != 2)
        {
            throw new RenderError($"separators has {separators.Length} items; expected 2, between items and behind keys");
        }

        var style = new JsonStyle(
            indent, separators[0], separators[1],
            EnsuresAscii: values[0] is not null && PyOrder.IsTrue(values[0]!),
            SortsKeys: values[3] is not null && PyOrder.IsTrue(values[3]!));
        return state.Built(PyJson.Write(input, style));
    }

    public static object Trim(RenderState state, object input, CallArguments arguments)
    {
        object? characters = arguments.Bind("trim", 0, "chars")[0];
        string? set = characters is null or PyNone ? null : PyRepr.Str(characters);
        string text = state.Built(StringMethods.Strip(PyRepr.Str(input), set, atStart: true, atEnd: true));
        return input is Markup ? new Markup(text) : text;
    }

    [GeneratedRegex(@"([-\s({\[<]+)")]
    private static partial Regex WordStart();
}
