namespace Rlt.Text.Jinja.Syntax;

/// <summary>Parses a template's tokens into statements.</summary>
internal sealed class StatementParser
{
    private const int MaxNesting = 100;

    private readonly TokenReader _tokens;
    private readonly ExpressionParser _expressions;
    private readonly AssignmentParser _targets;
    private int _nesting;
    private int _loopDepth;

    private StatementParser(TokenReader tokens)
    {
        _tokens = tokens;
        _expressions = new ExpressionParser(tokens);
        _targets = new AssignmentParser(tokens, _expressions);
    }

    /// <summary>The statements of a template.</summary>
    /// <exception cref="CheckpointException">The template has a syntax error; the message says where and what was expected.</exception>
    public static IReadOnlyList<Statement> Parse(string source, string name) =>
        new StatementParser(new TokenReader(Lexer.Tokenize(source, name), name)).ParseBody([]);

    /// <summary>Statements up to one of the end tags, whose "{%" is skipped; to the template's end where there are none.</summary>
    private List<Statement> ParseBody(string[] endTags)
    {
        var body = new List<Statement>();
        while (true)
        {
            Token token = _tokens.Current;
            switch (token.Kind)
            {
                case TokenKind.Text:
                    body.Add(new TextStatement(_tokens.Next().Text, token.Line));
                    break;
                case TokenKind.VariableBegin:
                    _tokens.Next();
                    body.Add(new PrintStatement(_expressions.ParseTuple(), token.Line));
                    _tokens.Expect(TokenKind.VariableEnd, "'}}'");
                    break;
                case TokenKind.BlockBegin:
                    _tokens.Next();
                    if (_tokens.Current.Kind == TokenKind.Name && endTags.Contains(_tokens.Current.Text))
                    {
                        return body;
                    }

                    ParseStatement(body, endTags);
                    _tokens.Expect(TokenKind.BlockEnd, "'%}'");
                    break;
                default:
                    return endTags.Length == 0 ? body : throw _tokens.Unexpected(Tags(endTags));
            }
        }
    }

    private static string Tags(string[] names) => string.Join(" or ", names.Select(name => $"'{{% {name} %}}'"));

    /// <summary>The statements between this tag's "%}" and an end tag; the end tag's name stays current.</summary>
    private List<Statement> ParseBlock(params string[] endTags)
    {
        _tokens.SkipOperator(":");
        _tokens.Expect(TokenKind.BlockEnd, "'%}'");
        if (++_nesting > MaxNesting)
        {
            throw _tokens.Error(_tokens.Current.Line, $"blocks are nested more than {MaxNesting} deep");
        }

        List<Statement> body = ParseBody(endTags);
        _nesting--;
        return body;
    }

    private List<Statement> ParseWholeBlock(string endTag)
    {
        List<Statement> body = ParseBlock(endTag);
        _tokens.Next();
        return body;
    }

    private void ParseStatement(List<Statement> body, string[] endTags)
    {
        Token tag = _tokens.ExpectName("the name of a tag");
        switch (tag.Text)
        {
            case "if":
                body.Add(ParseIf(tag.Line));
                break;
            case "for":
                body.Add(ParseFor(tag.Line));
                break;
            case "set":
                body.Add(ParseSet(tag.Line));
                break;
            case "macro":
                body.Add(ParseMacro(tag.Line));
                break;
            case "call":
                body.Add(ParseCallBlock(tag.Line));
                break;
            case "generation":
                body.Add(new ScopeStatement(ParseOutsideLoops(() => ParseWholeBlock("endgeneration")), tag.Line));
                break;
            case "break" or "continue":
                body.Add(ParseLoopControl(tag));
                break;
            default:
                throw UnknownTag(tag, endTags);
        }
    }

    private CheckpointException UnknownTag(Token tag, string[] endTags) => tag.Text switch
    {
        "include" or "import" or "from" or "extends" => _tokens.Error(
            tag.Line, $"'{tag.Text}' needs another template file; a chat template must be one file. Paste the other one's text here"),
        "autoescape" => _tokens.Error(tag.Line, "'autoescape' is not supported; chat templates are never HTML"),
        _ when endTags.Length > 0 => _tokens.Error(tag.Line, $"found tag '{tag.Text}', expected {Tags(endTags)} or a known tag"),
        _ => _tokens.Error(tag.Line, $"found tag '{tag.Text}', expected a known tag such as 'if', 'for' or 'set'"),
    };

    private IfStatement ParseIf(int line)
    {
        var branches = new List<(Expression, IReadOnlyList<Statement>)>();
        List<Statement> otherwise = [];
        _expressions.ConditionDepth++;
        string tag;
        do
        {
            Expression test = _expressions.ParseTuple(allowsConditional: false);
            branches.Add((test, ParseBlock("elif", "else", "endif")));
            tag = _tokens.Next().Text;
        }
        while (tag == "elif");

        if (tag == "else")
        {
            otherwise = ParseWholeBlock("endif");
        }

        _expressions.ConditionDepth--;
        return new IfStatement(branches, otherwise, line);
    }

    private ForStatement ParseFor(int line)
    {
        AssignmentTarget target = _targets.Parse(endName: "in", allowsNamespace: false);
        if (target is NameTarget { Name: "loop" })
        {
            throw _tokens.Error(line, "'loop' cannot be a loop's variable; expected another name");
        }

        _tokens.ExpectKeyword("in");
        Expression items = _expressions.ParseTuple(allowsConditional: false, endName: "recursive");
        Expression? test = _tokens.SkipName("if") ? _expressions.ParseExpression() : null;
        bool isRecursive = _tokens.SkipName("recursive");
        _loopDepth++;
        List<Statement> body = ParseBlock("endfor", "else");
        _loopDepth--;
        List<Statement> otherwise = _tokens.Next().Text == "else" ? ParseWholeBlock("endfor") : [];
        return new ForStatement(target, items, test, isRecursive, body, otherwise, line);
    }

    private Statement ParseSet(int line)
    {
        AssignmentTarget target = _targets.Parse(endName: null, allowsNamespace: true);
        if (_tokens.SkipOperator("="))
        {
            return new SetStatement(target, _expressions.ParseTuple(), line);
        }

        FilterExpression? filter = _expressions.ParseBlockFilters();
        if (_tokens.Current.Kind != TokenKind.BlockEnd)
        {
            throw _tokens.Unexpected("'=' or '%}'");
        }

        return new SetBlockStatement(target, filter, ParseWholeBlock("endset"), line);
    }

    private MacroStatement ParseMacro(int line)
    {
        string name = _targets.ParseName();
        var parameters = _targets.ParseSignature();
        return new MacroStatement(ParseMacroBody(name, parameters, "endmacro"), line);
    }

    private MacroDefinition ParseMacroBody(string? name, List<(string Name, Expression? Default)> parameters, string endTag)
    {
        _expressions.BeginMacro();
        List<Statement> body = ParseOutsideLoops(() => ParseWholeBlock(endTag));
        HashSet<string> names = _expressions.EndMacro();
        bool Takes(string special) => names.Contains(special) && parameters.All(parameter => parameter.Name != special);
        return new MacroDefinition(name, parameters, body, Takes("caller"), Takes("kwargs"), Takes("varargs"));
    }

    private List<Statement> ParseOutsideLoops(Func<List<Statement>> parse)
    {
        int depth = _loopDepth;
        _loopDepth = 0;
        List<Statement> body = parse();
        _loopDepth = depth;
        return body;
    }

    private CallBlockStatement ParseCallBlock(int line)
    {
        var parameters = _tokens.Current.IsOperator("(") ? _targets.ParseSignature() : [];
        return _expressions.ParseExpression() is CallExpression call
            ? new CallBlockStatement(call, ParseMacroBody(null, parameters, "endcall"), line)
            : throw _tokens.Error(line, "a call block needs a call such as 'name(arguments)'");
    }

    private Statement ParseLoopControl(Token tag)
    {
        if (_loopDepth == 0)
        {
            throw _tokens.Error(tag.Line, $"'{tag.Text}' stands outside a loop; expected it inside 'for'");
        }

        return tag.Text == "break" ? new BreakStatement(tag.Line) : new ContinueStatement(tag.Line);
    }
}
