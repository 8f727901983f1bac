namespace Rlt.Teaching.Rewards;

/// <summary>Signs that an explanation games the reward, read from its text alone.</summary>
public static class ExplanationGuards
{
    // Runs of this many words are compared.
    private const int Words = 4;

    // "Early" is the first fifth of the explanation.
    private const double EarlyShare = 0.2;

    /// <summary>Whether the final answer stands in the explanation's first fifth: it is told rather than derived.</summary>
    /// <param name="explanation">The explanation.</param>
    /// <param name="answer">The final answer; null where the row has none.</param>
    public static bool LeaksEarly(string explanation, string? answer)
    {
        string[] words = Split(explanation);
        string[] wanted = answer is null ? [] : Split(answer);
        int early = (int)Math.Ceiling(words.Length * EarlyShare);
        return wanted.Length > 0 && Enumerable.Range(0, Math.Max(0, early - wanted.Length + 1))
            .Any(start => words.AsSpan(start, wanted.Length).SequenceEqual(wanted));
    }

    /// <summary>Share of the solution's four-word runs that the explanation copies, 0 to 1; 0 for a shorter solution.</summary>
    public static double CopiedShare(string explanation, string solution)
    {
        string[] runs = Runs(Split(solution));
        HashSet<string> told = [.. Runs(Split(explanation))];
        return runs.Length == 0 ? 0 : runs.Count(told.Contains) / (double)runs.Length;
    }

    /// <summary>Share of the explanation's four-word runs that it had before, 0 to 1.</summary>
    public static double RepeatedShare(string explanation)
    {
        string[] runs = Runs(Split(explanation));
        return runs.Length == 0 ? 0 : 1 - (runs.Distinct().Count() / (double)runs.Length);
    }

    private static string[] Split(string text) => text.Split([' ', '\n', '\r', '\t', '.', ',', ';', ':', '!', '?'], StringSplitOptions.RemoveEmptyEntries);

    private static string[] Runs(string[] words) =>
        [.. Enumerable.Range(0, Math.Max(0, words.Length - Words + 1)).Select(start => string.Join(' ', words.AsSpan(start, Words).ToArray()))];
}
