using System.Text;

namespace Rlt.Pages;

/// <summary>The pages that rlt writes: each one file, style and script in it, and nothing fetched from elsewhere.</summary>
public static class HtmlTemplate
{
    /// <summary>A page with its places filled: <c>{{name}}</c> by a value, <c>{{file.css}}</c> and the like by that file beside the page.</summary>
    /// <param name="page">The page's file.</param>
    /// <param name="values">The values, HTML already. Filled piece by piece, so that a text which holds a place is not filled in itself.</param>
    public static string Fill(string page, IReadOnlyDictionary<string, string> values)
    {
        string template = Resource(page);
        var filled = new StringBuilder();
        int at = 0;
        while (template.IndexOf("{{", at, StringComparison.Ordinal) is int open and >= 0)
        {
            int close = template.IndexOf("}}", open, StringComparison.Ordinal);
            string name = template[(open + 2)..close];
            filled.Append(template, at, open - at).Append(name.Contains('.', StringComparison.Ordinal) ? Resource(name) : values[name]);
            at = close + 2;
        }

        return filled.Append(template, at, template.Length - at).ToString();
    }

    private static string Resource(string name)
    {
        using Stream stream = typeof(HtmlTemplate).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
