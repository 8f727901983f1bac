namespace Rlt.Text.Jinja.Syntax;

/// <summary>Walks the tokens of a template and says what was expected where something else was found.</summary>
internal sealed class TokenReader(IReadOnlyList<Token> tokens, string templateName)
{
    private int _index;

    public Token Current => tokens[_index];

    public Token Following => tokens[Math.Min(_index + 1, tokens.Count - 1)];

    public Token Next()
    {
        Token token = Current;
        if (token.Kind != TokenKind.End)
        {
            _index++;
        }

        return token;
    }

    public bool SkipName(string name)
    {
        bool found = Current.IsName(name);
        if (found)
        {
            Next();
        }

        return found;
    }

    public bool SkipOperator(string text)
    {
        bool found = Current.IsOperator(text);
        if (found)
        {
            Next();
        }

        return found;
    }

    public Token ExpectName(string what) =>
        Current.Kind == TokenKind.Name ? Next() : throw Unexpected(what);

    public void ExpectKeyword(string keyword)
    {
        if (!SkipName(keyword))
        {
            throw Unexpected($"'{keyword}'");
        }
    }

    public void ExpectOperator(string text)
    {
        if (!SkipOperator(text))
        {
            throw Unexpected($"'{text}'");
        }
    }

    public void Expect(TokenKind kind, string what)
    {
        if (Current.Kind != kind)
        {
            throw Unexpected(what);
        }

        Next();
    }

    /// <summary>The error that the current token is not what was expected.</summary>
    public CheckpointException Unexpected(string expected) =>
        Error(Current.Line, $"found {Current.Description}, expected {expected}");

    public CheckpointException Error(int line, string problem) => TemplateSyntax.Error(templateName, line, problem);
}
