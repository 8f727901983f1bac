using System.Numerics;
using System.Text;
using Rlt.Text.Jinja.Runtime;
using Rlt.Text.Jinja.Values;

namespace Rlt.Text.Jinja.Functions;

/// <summary>Python's str.format.</summary>
internal sealed class StringFormatter
{
    private readonly RenderState _state;
    private readonly CallArguments _arguments;
    private int _next;

    private StringFormatter(RenderState state, CallArguments arguments)
    {
        _state = state;
        _arguments = arguments;
    }

    public static string Format(RenderState state, string format, CallArguments arguments) =>
        state.Built(new StringFormatter(state, arguments).Expand(format, depth: 2));

    private string Expand(string format, int depth)
    {
        if (depth < 0)
        {
            throw new RenderError("Max string recursion exceeded");
        }

        var text = new StringBuilder();
        for (int i = 0; i < format.Length; i++)
        {
            char character = format[i];
            if (character is not ('{' or '}'))
            {
                text.Append(character);
            }
            else if (i + 1 < format.Length && format[i + 1] == character)
            {
                text.Append(character);
                i++;
            }
            else if (character == '}')
            {
                throw new RenderError("Single '}' encountered in format string");
            }
            else
            {
                int end = FieldEnd(format, i + 1);
                text.Append(Field(format[(i + 1)..end], depth));
                i = end;
            }

            _state.CheckLength(text.Length);
        }

        return text.ToString();
    }

    private static int FieldEnd(string format, int start)
    {
        int open = 1;
        for (int i = start; i < format.Length; i++)
        {
            open += format[i] switch { '{' => 1, '}' => -1, _ => 0 };
            if (open == 0)
            {
                return i;
            }
        }

        throw new RenderError("expected '}' before end of string");
    }

    private string Field(string field, int depth)
    {
        // The name ends at the first ':' or '!' outside brackets.
        int nameEnd = 0;
        for (bool isInside = false; nameEnd < field.Length && (isInside || field[nameEnd] is not (':' or '!')); nameEnd++)
        {
            isInside = field[nameEnd] == '[' || (isInside && field[nameEnd] != ']');
        }

        object value = Lookup(field[..nameEnd]);
        int at = nameEnd;
        if (at < field.Length && field[at] == '!')
        {
            char conversion = at + 1 < field.Length ? field[at + 1] : ' ';
            value = conversion switch
            {
                's' => PyRepr.Str(value),
                'r' => PyRepr.Repr(value),
                'a' => PyRepr.Ascii(value),
                _ => throw new RenderError($"Unknown conversion specifier '{conversion}'"),
            };
            at += 2;
        }

        string spec = at < field.Length && field[at] == ':' ? Expand(field[(at + 1)..], depth - 1) : "";
        return FormatSpec.Format(_state, value, spec);
    }

    private object Lookup(string name)
    {
        int end = name.AsSpan().IndexOfAny('.', '[');
        string first = end < 0 ? name : name[..end];
        object value = Argument(first);
        for (int at = first.Length; at < name.Length;)
        {
            if (name[at] == '.')
            {
                int stop = name.AsSpan(at + 1).IndexOfAny('.', '[');
                int after = stop < 0 ? name.Length : at + 1 + stop;
                value = Attributes.Get(value, name[(at + 1)..after]);
                at = after;
            }
            else
            {
                int close = name.IndexOf(']', at);
                string key = close > 0 ? name[(at + 1)..close] : throw new RenderError("Missing ']' in format string");
                value = Attributes.GetItem(value, IsIndex(key) ? BigInteger.Parse(key, System.Globalization.CultureInfo.InvariantCulture) : key);
                at = close + 1;
            }
        }

        return value;
    }

    private object Argument(string name)
    {
        if (name.Length > 0 && !IsIndex(name))
        {
            return _arguments.Find(name) ?? throw new RenderError($"the format's key '{name}' is missing");
        }

        int index = name.Length == 0 ? _next++ : int.TryParse(name, out int given) ? given : int.MaxValue;
        return index < _arguments.Positional.Count
            ? _arguments.Positional[index]
            : throw new RenderError($"Replacement index {index} out of range for positional args tuple");
    }

    private static bool IsIndex(string text) => text.Length > 0 && text.All(char.IsAsciiDigit);
}
