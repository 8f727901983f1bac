using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Rlt.Text.Jinja.Runtime;
using Rlt.Text.Jinja.Values;

namespace Rlt.Text.Jinja.Functions;

/// <summary>Filters made for HTML and addresses.</summary>
internal static partial class HtmlFilters
{
    public static object Escape(RenderState state, object input, CallArguments arguments)
    {
        arguments.Bind("escape", 0);
        return input as Markup ?? new Markup(state.Built(PyText.Escape(PyRepr.Str(input))));
    }

    public static object ForceEscape(RenderState state, object input, CallArguments arguments)
    {
        arguments.Bind("forceescape", 0);
        return new Markup(state.Built(PyText.Escape(PyRepr.Str(input))));
    }

    public static object MarkSafe(RenderState state, object input, CallArguments arguments)
    {
        arguments.Bind("safe", 0);
        return new Markup(PyRepr.Str(input));
    }

    public static object StripTags(RenderState state, object input, CallArguments arguments)
    {
        arguments.Bind("striptags", 0);
        string text = Tag().Replace(Comment().Replace(PyRepr.Str(input), ""), "");
        state.ChargeText(text.Length);
        string[] words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return WebUtility.HtmlDecode(string.Join(' ', words));
    }

    public static object UrlEncode(RenderState state, object input, CallArguments arguments)
    {
        arguments.Bind("urlencode", 0);
        if (PyText.TryGet(input, out _) || !RenderState.IsIterable(input))
        {
            return state.Built(Quote(PyRepr.Str(input), keepsSlash: true));
        }

        object pairs = input is PyDict dict ? new PyDictView(dict, "dict_items") : input;
        return state.Built(string.Join('&', state.Iterate(pairs).Select(pair =>
        {
            object[] items = [.. state.Iterate(pair).Take(3)];
            return items.Length == 2
                ? $"{QuoteForQuery(items[0])}={QuoteForQuery(items[1])}"
                : throw new RenderError("urlencode needs pairs of a key and a value");
        })));
    }

    public static object XmlAttributes(RenderState state, object input, CallArguments arguments)
    {
        bool addsSpace = arguments.Bind("xmlattr", 0, "autospace")[0] is not object value || PyOrder.IsTrue(value);
        PyDict dict = input as PyDict ?? throw new RenderError($"'{PyType.Name(input)}' object has no attribute 'items'");
        var parts = new List<string>();
        foreach (var (key, item) in dict.Items.Where(pair => pair.Value is not (PyNone or Undefined)))
        {
            string name = PyRepr.Str(key);
            if (name.Any(character => character is ' ' or (>= '\t' and <= '\r') or '/' or '>' or '='))
            {
                throw new RenderError($"Invalid character in attribute name: {PyRepr.Repr(key)}");
            }

            string text = item is Markup markup ? markup.Text : PyText.Escape(PyRepr.Str(item));
            parts.Add($"{PyText.Escape(name)}=\"{text}\"");
        }

        return state.Built((addsSpace && parts.Count > 0 ? " " : "") + string.Join(' ', parts));
    }

    private static string QuoteForQuery(object value) =>
        Quote(PyRepr.Str(value), keepsSlash: false).Replace("%20", "+", StringComparison.Ordinal);

    private static string Quote(string text, bool keepsSlash)
    {
        var result = new StringBuilder();
        foreach (byte unit in Encoding.UTF8.GetBytes(text))
        {
            char character = (char)unit;
            bool isPlain = char.IsAsciiLetterOrDigit(character) || character is '_' or '.' or '-' or '~' || (keepsSlash && character == '/');
            result.Append(isPlain ? character.ToString() : $"%{unit:X2}");
        }

        return result.ToString();
    }

    [GeneratedRegex("<!--.*?-->", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex("<.*?>", RegexOptions.Singleline)]
    private static partial Regex Tag();
}
