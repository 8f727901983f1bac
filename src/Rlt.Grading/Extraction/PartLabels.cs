using System.Text.RegularExpressions;

namespace Rlt.Grading.Extraction;

/// <summary>Answers to the labelled parts of a question: "(a) 3 (b) 4", "i. 3; ii. 4".</summary>
internal static partial class PartLabels
{
    private static readonly string[] Letters = ["a", "b", "c", "d", "e", "f", "g", "h"];
    private static readonly string[] Numerals = ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii"];

    /// <summary>The parts' answers as a tuple; null where the text is anything but labels from the first on, each with its answer.</summary>
    public static string? Tuple(string text) => Split(text) is { Count: > 1 } parts && text[..parts[0].Start].Trim(' ', '$', '*', '\n').Length == 0
        ? "(" + string.Join(", ", parts.Select(part => Around().Replace(text[part.From..part.End], ""))) + ")" : null;

    /// <summary>What the last boxes of a response's parts hold, as a tuple; null where it has no parts, or one without a box.</summary>
    public static string? Boxed(string text) => Split(text) is { Count: > 1 } parts
        && parts.Select(part => Boxes.Last(text[part.From..part.End])).ToArray() is var boxes && boxes.All(box => box is not null)
        ? "(" + string.Join(", ", boxes) + ")" : null;

    // From each label to the next; labels out of order are none.
    private static List<(int Start, int From, int End)> Split(string text)
    {
        var labels = new List<Match>();
        foreach (Match label in Label().Matches(text))
        {
            string name = label.Groups["name"].Value;
            string[] names = (labels.FirstOrDefault() ?? label).Groups["name"].Value == Numerals[0] ? Numerals : Letters;
            if (labels.Count < names.Length && name == names[labels.Count])
            {
                labels.Add(label);
            }
        }

        return [.. labels.Select((label, i) => (label.Index, label.Index + label.Length, i + 1 < labels.Count ? labels[i + 1].Index : text.Length))];
    }

    [GeneratedRegex(@"(?:(?<=^|\n)[#>* \t]{0,12}|(?<=[\s,;.])\*{0,2})(?:[Pp]art\s+)?(?:\((?<name>[a-h]|[ivx]{1,4})\)|(?<name>[a-h]|[ivx]{1,4})[).:])[*:.]*(?=[\s$~]|\\[ ,;:!])", RegexOptions.CultureInvariant)]
    private static partial Regex Label();

    // What only parts one answer from the next.
    [GeneratedRegex(@"^(?:[\s$*~]|\\[ ,;:!])+|(?:[\s$*~,;.]|\\[ ,;:!]|\\\\)+$")]
    private static partial Regex Around();
}
