namespace Rlt.Evaluation.Grading.Extraction;

/// <summary>The part of a response that may state the answer: after the thought, before another turn.</summary>
internal static class ResponseText
{
    private static readonly (string Open, string Close)[] Thoughts =
    [
        ("<think>", "</think>"), ("<thinking>", "</thinking>"), ("<thought>", "</thought>"), ("<reasoning>", "</reasoning>"), ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ];

    /// <summary>What follows the thought; nothing where the response ended inside it.</summary>
    public static string Answering(string response)
    {
        string text = response;
        foreach ((string open, string close) in Thoughts)
        {
            int end = text.LastIndexOf(close, StringComparison.Ordinal), begin = text.LastIndexOf(open, StringComparison.Ordinal);
            text = begin > end ? "" : end >= 0 ? text[(end + close.Length)..] : text;
        }

        return NextTurn.CutOff(text);
    }
}
