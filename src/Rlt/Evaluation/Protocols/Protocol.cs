using Rlt.Evaluation.Questions;
using Rlt.Grading;

namespace Rlt.Evaluation.Protocols;

/// <summary>By whose rules the system prompt is chosen and responses are scored.</summary>
public enum Protocol
{
    /// <summary>Ours: exact mathematics on the final answer that follows the thought; a choice is a letter that was stated as the answer.</summary>
    Strict,

    /// <summary>Those of SkyThought's evaluation, for numbers that compare with published ones.</summary>
    Skythought,
}

/// <summary>Scoring by a protocol.</summary>
public static class ProtocolRules
{
    /// <summary>Grades a response.</summary>
    /// <param name="protocol">The rules.</param>
    /// <param name="kind">What the benchmark's answers are.</param>
    /// <param name="question">The question.</param>
    /// <param name="response">The whole response.</param>
    /// <param name="truncated">Whether it was cut off; its last number is then no answer to the strict protocol.</param>
    public static Verdict Grade(this Protocol protocol, AnswerKind kind, EvalQuestion question, string response, bool truncated) => (protocol, kind) switch
    {
        (Protocol.Strict, AnswerKind.Choice) => Letter(question, ChoiceLetter.Stated(response, question.Choices, truncated)),
        (Protocol.Strict, _) => AnswerGrader.Grade(question.Answer, response, GradingOptions.Default with { StatedOnly = truncated }),
        (_, AnswerKind.Choice) => Letter(question, SkyThoughtAnswers.LastLetter(response)),
        (_, AnswerKind.Number) => SkyThoughtAnswers.GradeNumber(question.Answer, response),
        _ => SkyThoughtAnswers.GradeMath(question.Answer, response),
    };

    /// <summary>Whether two extracted answers are the same vote.</summary>
    public static bool SameVote(this Protocol protocol, string one, string other) =>
        one == other || (protocol == Protocol.Strict && AnswerGrader.Same(one, other, GradingOptions.Default));

    private static Verdict Letter(EvalQuestion question, string? letter) => new(letter == question.Answer, letter);
}
