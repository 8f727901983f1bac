using System.Globalization;
using System.Numerics;
using System.Text;
using Rlt.Text.Jinja.Runtime;
using Rlt.Text.Jinja.Values;

namespace Rlt.Text.Jinja.Functions;

/// <summary>Python's "format % values".</summary>
internal sealed class PercentFormat
{
    private readonly RenderState _state;
    private readonly string _format;
    private readonly object _values;
    private readonly bool _escapes;
    private readonly StringBuilder _text = new();
    private int _position;
    private int _used;

    private PercentFormat(RenderState state, string format, object values, bool escapes)
    {
        _state = state;
        _format = format;
        _values = values;
        _escapes = escapes;
    }

    /// <summary>The format with its values; <paramref name="escapes"/> makes texts safe HTML.</summary>
    public static string Format(RenderState state, string format, object values, bool escapes)
    {
        var run = new PercentFormat(state, format, values, escapes);
        run.Run();
        return state.Built(run._text.ToString());
    }

    private char Current => _position < _format.Length ? _format[_position] : throw new RenderError("incomplete format");

    private void Run()
    {
        while (_position < _format.Length)
        {
            char character = _format[_position++];
            if (character != '%')
            {
                _text.Append(character);
            }
            else if (Current == '%')
            {
                _text.Append('%');
                _position++;
            }
            else
            {
                AppendField();
            }
        }

        bool isAllUsed = _values switch
        {
            PyTuple tuple => _used >= tuple.Items.Count,
            // Whatever can be indexed counts as a mapping that need not be used.
            PyDict or PyList or PyRange or Undefined => true,
            _ => _used > 0,
        };
        if (!isAllUsed)
        {
            throw new RenderError("not all arguments converted during string formatting");
        }
    }

    private void AppendField()
    {
        object? value = null;
        if (Current == '(')
        {
            int end = _format.IndexOf(')', _position);
            string key = end > 0 ? _format[(_position + 1)..end] : throw new RenderError("incomplete format key");
            PyDict dict = _values as PyDict ?? throw new RenderError("format requires a mapping");
            value = dict.TryGet(key, out object? found) ? found : throw new RenderError($"the format's key '{key}' is missing");
            _position = end + 1;
        }

        string flags = "";
        while (Current is '-' or '+' or ' ' or '#' or '0')
        {
            flags += _format[_position++];
        }

        int width = ReadNumber() ?? 0;
        int? precision = null;
        if (Current == '.')
        {
            _position++;
            precision = ReadNumber() ?? 0;
        }

        while (Current is 'l' or 'h' or 'L')
        {
            _position++;
        }

        char type = _format[_position++];
        if (width < 0)
        {
            flags += "-";
            width = -width;
        }

        string align = flags.Contains('-', StringComparison.Ordinal) ? "<" : flags.Contains('0', StringComparison.Ordinal)
            && type is not ('s' or 'r' or 'a' or 'c') ? "=" : ">";
        char fill = align == "=" ? '0' : ' ';
        char sign = flags.Contains('+', StringComparison.Ordinal) ? '+' : flags.Contains(' ', StringComparison.Ordinal) ? ' ' : '-';
        string body = Convert(type, value ?? NextValue(), precision, sign, flags.Contains('#', StringComparison.Ordinal));
        _state.ChargeText(Math.Max(width, body.Length));
        _text.Append(FormatSpec.Align(body, align[0], fill.ToString(), width));
    }

    private int? ReadNumber()
    {
        if (Current == '*')
        {
            _position++;
            return PyNumber.ToInt(NextValue(), "* in a format");
        }

        int start = _position;
        while (char.IsAsciiDigit(Current))
        {
            _position++;
        }

        return start == _position ? null
            : int.TryParse(_format.AsSpan(start, _position - start), CultureInfo.InvariantCulture, out int number) ? number
            : throw new RenderError("width too big");
    }

    private object NextValue()
    {
        if (_values is PyTuple tuple)
        {
            return _used < tuple.Items.Count ? tuple.Items[_used++] : throw new RenderError("not enough arguments for format string");
        }

        return _used++ == 0 ? _values : throw new RenderError("not enough arguments for format string");
    }

    private string Convert(char type, object value, int? precision, char sign, bool isAlternate)
    {
        switch (type)
        {
            case 's' or 'r' or 'a':
                string text = type switch { 's' => PyRepr.Str(value), 'r' => PyRepr.Repr(value), _ => PyRepr.Ascii(value) };
                text = _escapes && value is not Markup ? PyText.Escape(text) : text;
                return precision is int most && PyText.Length(text) > most ? text[..PyText.UnitIndex(text, most)] : text;
            case 'c':
                return PyText.TryGet(value, out string? character) && PyText.Length(character) == 1 ? character
                    : PyNumber.TryInteger(value, out BigInteger code) && code.Sign >= 0 && code <= 0x10FFFF ? char.ConvertFromUtf32((int)code)
                    : throw new RenderError("%c requires int or char");
            case 'd' or 'i' or 'u' or 'x' or 'X' or 'o':
                BigInteger integer = PyNumber.TryInteger(value, out BigInteger given) ? given
                    : value is double number && type is 'd' or 'i' or 'u' && double.IsFinite((double)value) ? new BigInteger((double)value)
                    : throw Refuse(type, value);
                string digits = FormatSpec.Digits(BigInteger.Abs(integer), type is 'i' or 'u' ? 'd' : type, isAlternate);
                return FormatSpec.Sign(integer.Sign < 0, sign) + digits.PadLeft(Math.Min(precision ?? 0, 10_000), '0');
            case 'f' or 'F' or 'e' or 'E' or 'g' or 'G':
                double real = PyNumber.IsNumber(value) ? PyNumber.ToDouble(value) : throw Refuse(type, value);
                return FormatSpec.Sign(FormatSpec.IsNegative(real), sign) + FormatSpec.Real(real, type, precision ?? 6);
            default:
                throw new RenderError($"unsupported format character '{type}'");
        }
    }

    private static RenderError Refuse(char type, object value) => value is Undefined undefined ? undefined.Error()
        : new RenderError($"%{type} format: a real number is required, not {PyType.Name(value)}");
}
