using System.Buffers;
using System.Text.RegularExpressions;

namespace Rlt.Data;

/// <summary>LaTeX whose backslash JSON took for an escape: "\frac" written with one backslash reads as a form feed and "rac".</summary>
/// <remarks>
/// No text holds a backspace or form feed before letters. Tabs, line feeds and carriage returns do stand before words: they are taken for a backslash
/// only where the letters after them are the rest of a command and no word of a text.
/// </remarks>
internal static partial class EscapedLatex
{
    // How the commands begin that a tab, a line feed or a carriage return may stand in: most texts have none of these, which is soon seen.
    private static readonly SearchValues<string> Begun = SearchValues.Create(
    [
        "\time", "\thet", "\tfra", "\tild", "\tria", "\tbin", "\tau", "\tan", "\text", "\ther", "\thic",
        "\neq", "\nabl", "\noti", "\nleq", "\ngeq", "\nmid", "\npar", "\nubs", "\nsub", "\nexi", "\near", "\nwar", "\natu",
        "\rho", "\righ", "\rang", "\rflo", "\rcei", "\rbra", "\rver", "\rVer",
    ], StringComparison.Ordinal);

    /// <summary>The text with its commands restored.</summary>
    public static string Restore(string text) => text.AsSpan().IndexOfAny('\b', '\f') < 0 && !text.AsSpan().ContainsAny(Begun) ? text
        : Lost().Replace(text, control => "\\" + Letter(control.Value[0]));

    private static char Letter(char control) => control switch
    {
        '\b' => 'b',
        '\f' => 'f',
        '\t' => 't',
        '\n' => 'n',
        _ => 'r',
    };

    [GeneratedRegex(@"[\b\f](?=[A-Za-z])"
        + @"|\t(?=(?:imes|heta|frac|ilde|riangle\w*|binom|au|anh|ext(?:bf|it|rm|normal|sf|tt|style)?|herefore|hickapprox)(?![a-z])|an(?=[\s]*[({\\^\d]|[ ][a-z](?![a-z]))|ext(?:bf|it|rm)?\{)"
        + @"|\n(?=(?:eq|abla|otin|leq|geq|mid|parallel|ubseteq|subseteq|exists|earrow|warrow|atural)(?![A-Za-z]))"
        + @"|\r(?=(?:ho|ight|angle|floor|ceil|brace|vert|ightarrow|Vert|brack)(?![a-z]))")]
    private static partial Regex Lost();
}
