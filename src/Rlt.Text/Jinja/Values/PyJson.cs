using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Rlt.Text.Jinja.Values;

/// <summary>Reads JSON into Python's values and writes them as Python's json.dumps does.</summary>
internal sealed class PyJson
{
    private readonly StringBuilder _text = new();
    private readonly JsonStyle _style;

    private PyJson(JsonStyle style)
    {
        _style = style;
    }

    public static object FromNode(JsonNode? node)
    {
        PyOrder.EnsureStack();
        switch (node)
        {
            case null:
                return PyNone.Value;
            case JsonArray array:
                return new PyList(array.Select(FromNode).ToArray());
            case JsonObject map:
                var dict = new PyDict();
                foreach (var (key, value) in map)
                {
                    dict.Set(key, FromNode(value));
                }

                return dict;
            default:
                return FromValue(node.AsValue());
        }
    }

    /// <summary>json.dumps(value).</summary>
    public static string Write(object value, JsonStyle style)
    {
        var writer = new PyJson(style);
        writer.Append(value, 0);
        return writer._text.ToString();
    }

    private static object FromValue(JsonValue value)
    {
        switch (value.GetValueKind())
        {
            case JsonValueKind.True:
                return true;
            case JsonValueKind.False:
                return false;
            case JsonValueKind.String:
                return value.GetValue<string>();
            case JsonValueKind.Null:
                return PyNone.Value;
            case var _ when !value.TryGetValue(out JsonElement _) && value.TryGetValue(out double number):
                // A float made in code; its JSON text would lose the ".0" of a whole number.
                return number;
            default:
                string digits = value.ToJsonString();
                return digits.AsSpan().IndexOfAny(".eE") < 0
                    ? BigInteger.Parse(digits, CultureInfo.InvariantCulture)
                    : double.Parse(digits, CultureInfo.InvariantCulture);
        }
    }

    private void Append(object value, int depth)
    {
        PyOrder.EnsureStack();
        switch (value)
        {
            case PyList list:
                AppendItems('[', list.Items, (item, level) => Append(item, level), ']', depth);
                break;
            case PyTuple tuple:
                AppendItems('[', tuple.Items, (item, level) => Append(item, level), ']', depth);
                break;
            case PyDict dict:
                IEnumerable<KeyValuePair<object, object>> pairs = dict.Items;
                if (_style.SortsKeys)
                {
                    pairs = PyOrder.Sort(dict.Items.Select(item => (object)item), item => ((KeyValuePair<object, object>)item).Key, reverse: false)
                        .Cast<KeyValuePair<object, object>>();
                }

                AppendItems('{', [.. pairs], AppendPair, '}', depth);
                break;
            case string or Markup:
                AppendString(PyRepr.Str(value));
                break;
            default:
                _text.Append(Scalar(value) ?? throw new RenderError($"Object of type {PyType.Name(value)} is not JSON serializable"));
                break;
        }
    }

    private static string? Scalar(object value) => value switch
    {
        PyNone => "null",
        bool flag => flag ? "true" : "false",
        BigInteger integer => integer.ToString(CultureInfo.InvariantCulture),
        double number when double.IsNaN(number) => "NaN",
        double number when double.IsInfinity(number) => number > 0 ? "Infinity" : "-Infinity",
        double number => PyFloat.Repr(number),
        _ => null,
    };

    private void AppendPair(KeyValuePair<object, object> pair, int depth)
    {
        AppendString(PyText.TryGet(pair.Key, out string? key) ? key
            : Scalar(pair.Key) ?? throw new RenderError($"keys must be str, int, float, bool or None, not {PyType.Name(pair.Key)}"));
        _text.Append(_style.KeySeparator);
        Append(pair.Value, depth);
    }

    private void AppendItems<T>(char open, IReadOnlyList<T> items, Action<T, int> append, char close, int depth)
    {
        _text.Append(open);
        for (int i = 0; i < items.Count; i++)
        {
            _text.Append(i == 0 ? "" : _style.ItemSeparator);
            BreakLine(depth + 1);
            append(items[i], depth + 1);
        }

        if (items.Count > 0)
        {
            BreakLine(depth);
        }

        _text.Append(close);
    }

    private void BreakLine(int depth)
    {
        if (_style.Indent is string indent)
        {
            _text.Append('\n');
            for (int i = 0; i < depth; i++)
            {
                _text.Append(indent);
            }
        }
    }

    private void AppendString(string value)
    {
        _text.Append('"');
        foreach (char character in value)
        {
            int simple = "\"\\\b\f\n\r\t".IndexOf(character, StringComparison.Ordinal);
            if (simple >= 0)
            {
                _text.Append('\\').Append("\"\\bfnrt"[simple]);
            }
            else if (character < ' ' || (_style.EnsuresAscii && character > '~'))
            {
                _text.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
            }
            else
            {
                _text.Append(character);
            }
        }

        _text.Append('"');
    }
}

/// <summary>The options of json.dumps.</summary>
internal sealed record JsonStyle(string? Indent, string ItemSeparator, string KeySeparator, bool EnsuresAscii, bool SortsKeys);
