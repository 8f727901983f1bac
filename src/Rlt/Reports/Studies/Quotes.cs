using System.Text;
using Rlt.Studies;

namespace Rlt.Reports.Studies;

/// <summary>Explanations quoted side by side, folded.</summary>
internal static class Quotes
{
    private const int MostCharacters = 2000;
    private const int LineCharacters = 110;
    private const int FewestTicks = 3;

    /// <summary>The quotations; empty where there are none.</summary>
    public static string Markdown(IReadOnlyList<QuotedQuestion> questions)
    {
        var text = new StringBuilder();
        foreach (QuotedQuestion question in questions)
        {
            text.Append("\n<details><summary>A question and its explanations</summary>\n\nQuestion:\n\n").Append(Block(question.Question));
            if (question.Solution is { } solution)
            {
                text.Append("\nSolution:\n\n").Append(Block(solution));
            }

            foreach ((StudyArm arm, string explanation) in question.Explanations)
            {
                text.Append($"\n**{arm.Config.Name}**, {arm.Config.Label}:\n\n").Append(Block(explanation));
            }

            text.Append("\n</details>\n");
        }

        return text.ToString();
    }

    // As code, so that formulas and tags stand as they were written; its lines are not broken by the page.
    private static string Block(string text)
    {
        string shown = text.Trim();
        string rest = shown.Length > MostCharacters ? $"\n… ({shown.Length} characters in all)" : "";
        string fence = new('`', Math.Max(FewestTicks, LongestTicks(shown) + 1));
        return $"{fence}text\n{string.Join('\n', shown[..Cut(shown)].ReplaceLineEndings("\n").Split('\n').Select(Wrapped))}{rest}\n{fence}\n";
    }

    // Not between the halves of a character beyond U+FFFF.
    private static int Cut(string text) =>
        text.Length <= MostCharacters ? text.Length : char.IsHighSurrogate(text[MostCharacters - 1]) ? MostCharacters - 1 : MostCharacters;

    private static string Wrapped(string line)
    {
        var text = new StringBuilder();
        int column = 0;
        foreach (string word in line.Split(' '))
        {
            bool breaks = column > 0 && column + 1 + word.Length > LineCharacters;
            text.Append(breaks ? "\n" : column > 0 ? " " : "").Append(word);
            column = (breaks ? 0 : column > 0 ? column + 1 : 0) + word.Length;
        }

        return text.ToString();
    }

    private static int LongestTicks(string text)
    {
        int longest = 0, run = 0;
        foreach (char symbol in text)
        {
            run = symbol == '`' ? run + 1 : 0;
            longest = Math.Max(longest, run);
        }

        return longest;
    }
}
