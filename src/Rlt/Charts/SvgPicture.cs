using System.Globalization;
using System.Security;
using System.Text;

namespace Rlt.Charts;

/// <summary>An SVG picture on white, which can be read on light and dark pages alike; the parts that all charts are drawn with.</summary>
internal sealed class SvgPicture
{
    /// <summary>The picture's width; lengths are in its own units, about a pixel each.</summary>
    public const int Width = 860;

    /// <summary>The picture's height.</summary>
    public const int Height = 330;

    /// <summary>The colour of lines behind the data.</summary>
    public const string Grid = "#e5e7eb";

    /// <summary>The colour of axes.</summary>
    public const string Axis = "#9ca3af";

    /// <summary>The colour of intervals and outlines.</summary>
    public const string Ink = "#111827";

    /// <summary>An attribute of texts: headings.</summary>
    public const string Bold = "font-weight=\"600\"";

    /// <summary>An attribute of texts: centred on their place.</summary>
    public const string Middle = "text-anchor=\"middle\"";

    /// <summary>An attribute of texts: ending at their place.</summary>
    public const string End = "text-anchor=\"end\"";

    private static readonly string[] Colors = ["#2563eb", "#16a34a", "#dc2626", "#9333ea", "#d97706", "#0891b2", "#db2777", "#65a30d", "#475569", "#92400e"];

    private readonly StringBuilder _svg = new();

    /// <summary>Begins the picture.</summary>
    public SvgPicture()
    {
        const string Text = "font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"#374151\"";
        Add($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" {Text}>");
        Add($"<rect width=\"{Width}\" height=\"{Height}\" rx=\"8\" fill=\"#ffffff\"/>");
    }

    /// <summary>The colour of the i-th series.</summary>
    public static string Color(int i) => Colors[i % Colors.Length];

    /// <summary>A number on an axis.</summary>
    public static string Number(double value) => value.ToString("0.######;−0.######;0", CultureInfo.InvariantCulture);

    /// <summary>A straight line.</summary>
    public void Line(double x1, double y1, double x2, double y2, string color, string attributes = "") =>
        Add($"<line x1=\"{x1:0.0}\" x2=\"{x2:0.0}\" y1=\"{y1:0.0}\" y2=\"{y2:0.0}\" stroke=\"{color}\"{Spaced(attributes)}/>");

    /// <summary>A line through points.</summary>
    public void Path(IEnumerable<(double X, double Y)> points, string color)
    {
        string places = string.Join(' ', points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{point.X:0.0},{point.Y:0.0}")));
        Add($"<polyline points=\"{places}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"/>");
    }

    /// <summary>A filled rectangle.</summary>
    public void Box(double x, double y, double width, double height, string color, string attributes = "") =>
        Add($"<rect x=\"{x:0.0}\" y=\"{y:0.0}\" width=\"{width:0.0}\" height=\"{height:0.0}\" fill=\"{color}\"{Spaced(attributes)}/>");

    /// <summary>A filled circle with an outline.</summary>
    public void Dot(double x, double y, double radius, string fill, string outline) =>
        Add($"<circle cx=\"{x:0.0}\" cy=\"{y:0.0}\" r=\"{radius:0.0}\" fill=\"{fill}\" stroke=\"{outline}\"/>");

    /// <summary>A text whose baseline begins, unless an attribute says otherwise, at the place.</summary>
    public void Text(double x, double y, string text, string attributes = "") =>
        Add($"<text x=\"{x:0.0}\" y=\"{y:0.0}\"{Spaced(attributes)}>{SecurityElement.Escape(Printable(text))}</text>");

    /// <summary>The picture's file.</summary>
    public override string ToString() => _svg + "</svg>\n";

    // XML has no way to write control characters.
    private static string Printable(string text) => string.Concat(text.Select(symbol => char.IsControl(symbol) ? ' ' : symbol));

    private static string Spaced(string attributes) => attributes.Length == 0 ? "" : " " + attributes;

    private void Add(FormattableString element) => _svg.Append(element.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
