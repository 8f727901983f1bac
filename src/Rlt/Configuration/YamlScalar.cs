using System.Globalization;
using System.Text.RegularExpressions;

namespace Rlt.Configuration;

/// <summary>What an unquoted YAML value is, by the core schema of YAML 1.2; booleans only as true and false.</summary>
internal static partial class YamlScalar
{
    /// <summary>Is the value absent: nothing, ~ or null.</summary>
    public static bool IsNull(ScalarNode node) => !node.Quoted && node.Text is ("" or "~" or "null" or "Null" or "NULL");

    /// <summary>The value as a boolean.</summary>
    public static bool? Boolean(ScalarNode node) => node switch
    {
        { Quoted: false, Text: "true" } => true,
        { Quoted: false, Text: "false" } => false,
        _ => null,
    };

    /// <summary>The value as a whole number within bounds; decimal; a number written with a point or an exponent is none.</summary>
    public static long? Integer(ScalarNode node, long least, long most)
    {
        bool parsed = long.TryParse(node.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value);
        return parsed && !node.Quoted && value >= least && value <= most ? value : null;
    }

    /// <summary>The value as a finite number, whole or not.</summary>
    public static double? Number(ScalarNode node)
    {
        if (node.Quoted || !NumberPattern().IsMatch(node.Text))
        {
            return null;
        }

        double number = double.Parse(node.Text, NumberStyles.Float, CultureInfo.InvariantCulture);
        return double.IsFinite(number) ? number : null;
    }

    /// <summary>Is the value a text: quoted, or nothing that YAML would read as another kind.</summary>
    public static bool IsText(ScalarNode node) => node.Quoted || !(IsNull(node) || OtherKindPattern().IsMatch(node.Text));

    [GeneratedRegex(@"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\z")]
    private static partial Regex NumberPattern();

    [GeneratedRegex(@"^(?:true|True|TRUE|false|False|FALSE|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\z")]
    private static partial Regex OtherKindPattern();
}
