using System.Text;
using AngleSharp;
using AngleSharp.Dom;
using AngleSharp.Html.Dom;
using AngleSharp.Scripting;

namespace Rlt.Tests.Pages;

/// <summary>A page that rlt has written, opened: its scripts have run, and what they drew can be read and used.</summary>
internal sealed class OpenPage : IDisposable
{
    // What pages ask of a browser's layout; this one has none.
    private const string Layout = "<script>Object.getPrototypeOf(Object.getPrototypeOf(document.createElement('b'))).getBoundingClientRect = "
        + "() => ({ left: 0, top: 0, bottom: 0, width: 360 }); window.innerWidth = 1200; window.innerHeight = 800;</script>";

    private readonly IBrowsingContext _context;
    private readonly IDocument _document;

    public OpenPage(string html)
    {
        _context = BrowsingContext.New(AngleSharp.Configuration.Default.WithJs());
        _document = _context.OpenAsync(response => response.Content(html.Replace("<div id=\"tip\"", Layout + "<div id=\"tip\"", StringComparison.Ordinal))).GetAwaiter().GetResult();
        _document.WaitForReadyAsync().GetAwaiter().GetResult();
    }

    public IElement this[string selector] => _document.QuerySelector(selector) ?? throw new InvalidOperationException($"nothing is {selector}");

    public IElement[] All(string selector) => [.. _document.QuerySelectorAll(selector)];

    /// <summary>The texts of elements, white space made even.</summary>
    public string[] Texts(string selector) => [.. All(selector).Select(element => Even(element.TextContent))];

    /// <summary>Sets a control as a person does.</summary>
    public void Set(string selector, string value)
    {
        if (this[selector] is IHtmlSelectElement select)
        {
            select.Value = value;
        }
        else
        {
            var input = (IHtmlInputElement)this[selector];
            (input.Value, input.IsChecked) = (value, value == "on");
        }

        this[selector].Dispatch(new AngleSharp.Dom.Events.Event("input", bubbles: true, cancelable: false));
    }

    public void Press(string selector) => ((IHtmlElement)this[selector]).DoClick();

    /// <summary>What a reader sees, a line an element that stands alone; what is hidden is left out.</summary>
    public string Outline(string selector)
    {
        var text = new StringBuilder();
        Add(text, this[selector], 0);
        return text.ToString();
    }

    public void Dispose() => _context.Dispose();

    private static string Even(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static void Add(StringBuilder text, IElement element, int depth)
    {
        if (element.HasAttribute("hidden") || element.LocalName is "script" or "style" or "option")
        {
            return;
        }

        string own = Even(string.Concat(element.ChildNodes.OfType<IText>().Select(node => node.Data)));
        string[] shown = [.. new[] { "class", "aria-label", "style", "title" }.Where(element.HasAttribute).Select(name => $"{name}={element.GetAttribute(name)}")];
        text.Append(' ', 2 * depth).Append(element.LocalName);
        text.Append(shown.Length > 0 ? $" [{string.Join("; ", shown)}]" : "").Append(own.Length > 0 ? $" {own}" : "").Append('\n');
        foreach (IElement child in element.Children)
        {
            Add(text, child, depth + 1);
        }
    }
}
