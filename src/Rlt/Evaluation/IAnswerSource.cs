namespace Rlt.Evaluation;

/// <summary>A sample that is wanted.</summary>
/// <param name="Index">The question's place in the data.</param>
/// <param name="Sample">Which of its samples.</param>
/// <param name="Question">The question.</param>
public sealed record AnswerRequest(int Index, int Sample, EvalQuestion Question);

/// <summary>A sample.</summary>
/// <param name="Request">What it answers.</param>
/// <param name="Text">The response.</param>
/// <param name="Truncated">Whether the token limit cut it off.</param>
/// <param name="Tokens">Its length; null where the server does not tell.</param>
public sealed record SampledAnswer(AnswerRequest Request, string Text, bool Truncated, int? Tokens)
{
    /// <summary>Why there is no answer, where a server refused one, such as "content_filter"; null where it did not.</summary>
    public string? Refusal { get; init; }

    /// <summary>The tag, with what follows it, by which the prompt opened the thought that the response goes on with; empty where it did not.</summary>
    public string OpenedThought { get; init; } = "";
}

/// <summary>Answers questions: the engine in this process, or a server.</summary>
public interface IAnswerSource
{
    /// <summary>Questions whose samples are drawn together, and again together where a stop left some out; null where each sample stands alone.</summary>
    int? BlockQuestions { get; }

    /// <summary>Answers requests.</summary>
    /// <param name="requests">The requests, by question, then sample.</param>
    /// <param name="answered">Receives what is done, in any order, one call at a time.</param>
    /// <param name="stop">Ends the work.</param>
    /// <exception cref="RunFailedException">Some could not be answered; the others were handed over.</exception>
    void Answer(IReadOnlyList<AnswerRequest> requests, Action<IReadOnlyList<SampledAnswer>> answered, CancellationToken stop);
}
