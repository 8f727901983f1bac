namespace Rlt.Grading.Syntax;

/// <summary>What a token is.</summary>
internal enum AnswerTokenKind
{
    /// <summary>The text's end.</summary>
    End,

    /// <summary>A number as written, separators taken out.</summary>
    Number,

    /// <summary>A variable.</summary>
    Name,

    /// <summary>A LaTeX command, or a function's name in plain text; without the backslash.</summary>
    Command,

    /// <summary>Words: of \text{…}, or plain ones.</summary>
    Words,

    /// <summary>One sign.</summary>
    Sign,
}

/// <summary>A piece of an answer.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its text.</param>
/// <param name="AfterSpace">Whether a space stands before it.</param>
internal readonly record struct AnswerToken(AnswerTokenKind Kind, string Text, bool AfterSpace)
{
    /// <summary>Is it this sign.</summary>
    public bool IsSign(char sign) => Kind == AnswerTokenKind.Sign && Text[0] == sign;

    /// <summary>Is it this command.</summary>
    public bool IsCommand(string name) => Kind == AnswerTokenKind.Command && Text == name;
}
