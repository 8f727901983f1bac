namespace Rlt.Grading.Extraction;

/// <summary>Commas outside brackets and braces that part values, not thousands.</summary>
internal static class TopLevelComma
{
    /// <summary>What the commas of a formula part.</summary>
    public static IReadOnlyList<string> Split(string formula)
    {
        var parts = new List<string>();
        int depth = 0, start = 0;
        for (int at = 0; at < formula.Length; at++)
        {
            depth += formula[at] is '{' or '(' or '[' ? 1 : formula[at] is '}' or ')' or ']' ? -1 : 0;
            if (formula[at] == ',' && depth == 0 && !IsOfThousands(formula, at))
            {
                parts.Add(formula[start..at]);
                start = at + 1;
            }
        }

        return [.. parts, formula[start..]];
    }

    private static bool IsOfThousands(string formula, int comma) =>
        comma > 0 && char.IsAsciiDigit(formula[comma - 1]) && formula.AsSpan(comma + 1) is [>= '0' and <= '9', >= '0' and <= '9', >= '0' and <= '9', ..];
}
