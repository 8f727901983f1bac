namespace Rlt.Evaluation.Questions;

/// <summary>What a benchmark's answers are.</summary>
public enum AnswerKind
{
    /// <summary>Mathematics: a number, formula, set or short text.</summary>
    Math,

    /// <summary>A plain number, which the protocol skythought compares as text.</summary>
    Number,

    /// <summary>One of the letters A to D.</summary>
    Choice,
}
