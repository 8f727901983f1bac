using System.Text.RegularExpressions;
using Rlt.Text.Chat;

namespace Rlt.Evaluation.Grading.Extraction;

/// <summary>The part of a response that may state the answer: after the thought, before another turn.</summary>
internal static partial class ResponseText
{
    private static readonly string[] TurnEnds = ["<|im_end|>", "<|im_start|>", "<|endoftext|>", "<|eot_id|>", "<|end_of_text|>", "<｜end▁of▁sentence｜>", "</s>"];

    /// <summary>What follows the thought; nothing where the response ended inside it.</summary>
    public static string Answering(string response)
    {
        string text = ThoughtTags.Answering(response);
        foreach (string mark in TurnEnds)
        {
            int end = text.AsSpan().TrimStart().IndexOf(mark, StringComparison.Ordinal);
            text = end > 0 ? text[..(text.Length - text.AsSpan().TrimStart().Length + end)] : text;
        }

        return NextTurn().Match(text) is { Success: true } turn && !text.AsSpan(0, turn.Index).IsWhiteSpace() ? text[..turn.Index] : text;
    }

    // A model that goes on with a question of its own has answered before it.
    [GeneratedRegex(@"\n[ \t*#]{0,8}(?:Question|Problem|User|Human) ?\d{0,4} ?:", RegexOptions.CultureInvariant)]
    private static partial Regex NextTurn();
}
