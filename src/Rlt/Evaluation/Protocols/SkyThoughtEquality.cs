using System.Globalization;
using Rlt.Grading;

namespace Rlt.Evaluation.Protocols;

/// <summary>SkyThought's equality of two simplified answers.</summary>
internal static class SkyThoughtEquality
{
    private const double RelativeTolerance = 1e-4;

    /// <summary>Whether the given answer counts as the expected one.</summary>
    public static bool Same(string given, string expected)
    {
        if (string.Equals(given, expected, StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        if (given.Length == 0)
        {
            return false;
        }

        if (expected is [>= 'A' and <= 'E'] && given.Trim('.', ':', '(', ')', ' ', '}', '{') == expected)
        {
            return true;
        }

        if (Number(given) is { } number && Number(expected) is { } wanted)
        {
            return new[] { wanted / 100, wanted, wanted * 100 }.Any(value => IsClose(number, value));
        }

        return SameParts(given, expected) || AnswerGrader.Same(expected, given, GradingOptions.Default);
    }

    private static bool SameParts(string given, string expected)
    {
        if (string.Equals(WithoutBrackets(given), WithoutBrackets(expected), StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        if (IsTuple(given) && IsTuple(expected))
        {
            string[] parts = given[1..^1].Split(','), others = expected[1..^1].Split(',');
            return parts.Length > 1 && parts.Length == others.Length && parts.Zip(others).All(pair => Same(pair.First, pair.Second));
        }

        // "k=7" answers for 7.
        return (WithoutName(given) is { } value && Same(value, expected)) || (WithoutName(expected) is { } wanted && Same(given, wanted));
    }

    private static string? WithoutName(string text) => text.Split('=') is [{ Length: 1 or 2 }, { Length: > 0 } value] ? value : null;

    private static bool IsTuple(string text) => text is ['(' or '[', .., ')' or ']'];

    private static string WithoutBrackets(string text) => string.Concat(text.Where(letter => letter is not ('(' or ')' or '[' or ']' or '{' or '}')));

    private static double? Number(string text) =>
        double.TryParse(text.Replace(",", "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            && double.IsFinite(number) ? number : null;

    // As Python's math.isclose: relative to the larger of the two.
    private static bool IsClose(double one, double other) => Math.Abs(one - other) <= RelativeTolerance * Math.Max(Math.Abs(one), Math.Abs(other));
}
