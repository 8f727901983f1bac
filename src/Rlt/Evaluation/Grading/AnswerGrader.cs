namespace Rlt.Evaluation.Grading;

/// <summary>Decides whether a response's final answer is the expected one.</summary>
public static class AnswerGrader
{
    /// <summary>Grades a response. Never throws; work is bounded whatever the texts hold.</summary>
    /// <param name="answer">The expected answer: plain, LaTeX, or a text that boxes it.</param>
    /// <param name="response">The whole response.</param>
    /// <param name="options">How alike the answers must be.</param>
    public static Verdict Grade(string answer, string response, GradingOptions options)
    {
        string? extracted = Extract(response);
        return new Verdict(Same(answer, extracted, options), extracted);
    }

    /// <summary>A response's final answer as it was written; null where it states none.</summary>
    public static string? Extract(string response) => BoxedAnswer.Extract(response);

    /// <summary>Whether an extracted answer is the expected one.</summary>
    public static bool Same(string answer, string? extracted, GradingOptions options) => options.Precision >= 0 && BoxedAnswer.Same(answer, extracted);
}
