using System.Globalization;
using System.Numerics;
using System.Text;
using Rlt.Text.Jinja.Runtime;

namespace Rlt.Text.Jinja.Values;

/// <summary>Python's str() and repr().</summary>
internal static class PyRepr
{
    /// <summary>What printing a value writes.</summary>
    public static string Str(object value) => value switch
    {
        string text => text,
        Markup markup => markup.Text,
        Undefined => "",
        _ => Repr(value),
    };

    public static string Repr(object value)
    {
        var text = new StringBuilder();
        Append(text, value);
        return text.ToString();
    }

    /// <summary>repr() with every character beyond ASCII escaped.</summary>
    public static string Ascii(object value)
    {
        var text = new StringBuilder();
        foreach (string point in PyText.CodePoints(Repr(value)))
        {
            text.Append(char.IsAscii(point[0]) ? point : Escaped(point));
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, object value)
    {
        switch (value)
        {
            case PyNone:
                text.Append("None");
                break;
            case bool flag:
                text.Append(flag ? "True" : "False");
                break;
            case BigInteger integer:
                text.Append(integer.ToString(CultureInfo.InvariantCulture));
                break;
            case double number:
                text.Append(PyFloat.Repr(number));
                break;
            case string content:
                AppendText(text, content);
                break;
            case Markup markup:
                AppendText(text.Append("Markup("), markup.Text);
                text.Append(')');
                break;
            case Undefined:
                text.Append("Undefined");
                break;
            default:
                AppendContainer(text, value);
                break;
        }
    }

    private static void AppendContainer(StringBuilder text, object value)
    {
        PyOrder.EnsureStack();
        switch (value)
        {
            case PyList list:
                AppendItems(text, '[', list.Items, "]");
                break;
            case PyTuple tuple:
                AppendItems(text, '(', tuple.Items, tuple.Items.Count == 1 ? ",)" : ")");
                break;
            case PyDict dict:
                AppendDict(text, dict);
                break;
            case PyDictView view:
                text.Append(view.Kind).Append('(');
                AppendItems(text, '[', view.Items, "])");
                break;
            case PyRange range:
                text.Append(CultureInfo.InvariantCulture, $"range({range.Start}, {range.Stop}");
                text.Append(range.Step.IsOne ? ")" : string.Create(CultureInfo.InvariantCulture, $", {range.Step})"));
                break;
            case Namespace space:
                AppendDict(text.Append("<Namespace "), space.Attributes);
                text.Append('>');
                break;
            case LoopState loop:
                text.Append(CultureInfo.InvariantCulture, $"<LoopContext {loop.Index0 + 1}/{loop.Length}>");
                break;
            case Macro macro:
                text.Append(macro.Definition.Name is string name ? $"<Macro '{name}'>" : "<Macro anonymous>");
                break;
            default:
                // Python prints an address here, which no two runs share.
                text.Append('<').Append(PyType.Name(value)).Append(" object>");
                break;
        }
    }

    private static void AppendItems(StringBuilder text, char open, IEnumerable<object> items, string close)
    {
        text.Append(open);
        string separator = "";
        foreach (object item in items)
        {
            Append(text.Append(separator), item);
            separator = ", ";
        }

        text.Append(close);
    }

    private static void AppendDict(StringBuilder text, PyDict dict)
    {
        text.Append('{');
        string separator = "";
        foreach (var (key, value) in dict.Items)
        {
            Append(text.Append(separator), key);
            Append(text.Append(": "), value);
            separator = ", ";
        }

        text.Append('}');
    }

    private static void AppendText(StringBuilder text, string content)
    {
        char quote = content.Contains('\'', StringComparison.Ordinal) && !content.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        text.Append(quote);
        foreach (string point in PyText.CodePoints(content))
        {
            switch (point[0])
            {
                case '\n':
                    text.Append("\\n");
                    break;
                case '\r':
                    text.Append("\\r");
                    break;
                case '\t':
                    text.Append("\\t");
                    break;
                case '\\':
                    text.Append("\\\\");
                    break;
                case var character when character == quote:
                    text.Append('\\').Append(quote);
                    break;
                default:
                    text.Append(IsPrintable(point) ? point : Escaped(point));
                    break;
            }
        }

        text.Append(quote);
    }

    private static string Escaped(string point)
    {
        int code = point.Length == 2 ? char.ConvertToUtf32(point, 0) : point[0];
        return code < 0x100 ? $"\\x{code:x2}" : code < 0x10000 ? $"\\u{code:x4}" : $"\\U{code:x8}";
    }

    /// <summary>Whether repr() shows a code point as it is.</summary>
    private static bool IsPrintable(string point) => point == " " || CharUnicodeInfo.GetUnicodeCategory(point, 0) is not
        (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.SpaceSeparator);
}
