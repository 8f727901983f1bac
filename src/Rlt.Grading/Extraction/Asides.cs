using System.Text.RegularExpressions;

namespace Rlt.Grading.Extraction;

/// <summary>What stands beside a statement and is no part of it: remarks, conditions, what the value is of.</summary>
internal static partial class Asides
{
    /// <summary>The text without remarks and pictures at its end; the text itself where nothing else is there.</summary>
    public static string WithoutRemark(string text)
    {
        string rest = Remark().Replace(Picture().Replace(text, ""), "").TrimEnd();
        return rest.Length == 0 ? text : rest;
    }

    /// <summary>The sentence without asides; the first of the shorter forms is the shortest.</summary>
    public static IEnumerable<string> Shortened(string sentence)
    {
        string bare = Parenthesis().Replace(sentence, " ");
        string plain = Condition().Replace(bare, "");
        if (Property().Match(plain) is { Success: true, Index: > 0 } property && !Stating().IsMatch(plain[(property.Index + property.Length)..]))
        {
            yield return Condition().Replace(plain[..property.Index], "");
        }

        yield return plain;
        yield return bare;
        yield return sentence;
    }

    // A paragraph in brackets, or one that begins with "Note" or "Remark".
    [GeneratedRegex(@"(?:(?<=[.!?$]|\\\])\s+|\n\s*)\((?:[A-Z][a-z]+|It|We|In)\b(?:[^()]|\((?:[^()]|\([^()]*\))*\)){1,1500}\)\s*\.?\s*$|\n\s*\n\s*(?:\*\*)?(?:Remark|Note|Verification|Check)\b(?:(?!\n\s*\n)[\s\S]){1,1500}$")]
    private static partial Regex Remark();

    [GeneratedRegex(@"(?:\s*(?:<img[^<>]{0,80}>|!\[[^\]\n]*\]\([^)\n]*\)|\bFigure \d+\.?))+\s*$")]
    private static partial Regex Picture();

    // "(independent of T)"; not "(1, 2)".
    [GeneratedRegex(@"\((?=[a-z]{2,}[\s:])(?:[^()]|\([^()]*\)){1,300}\)")]
    private static partial Regex Parenthesis();

    // "for all integers $n$", "when $x = 5$" at the sentence's end.
    [GeneratedRegex(@",?\s(?:for(?:\s+(?:all|any|every|each|some))?(?:\s+\p{L}+){0,3}\s+\$[^$=]+\$|(?:(?:with equality\s+)?(?:when|where|if|whenever)|as long as)\s+\$[^$]+\$)[^$\d=]*$")]
    private static partial Regex Condition();

    // "… is the least n such that 3n > 8": the value stands before it.
    [GeneratedRegex(@"\s(?:is|are)\s+the\s+(?:maximum|minimum|least|smallest|greatest|largest|only|unique|desired|required)\b|\s(?:such that|for which|satisfying)\b")]
    private static partial Regex Property();

    // The value comes after the property: "the least n such that 3n > 8 is 3".
    [GeneratedRegex(@"(?:\b(?:is|are|be|equals|to|namely)|[:=])\s*(?:\$|\d)")]
    private static partial Regex Stating();
}
