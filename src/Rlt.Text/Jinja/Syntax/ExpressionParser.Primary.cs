using Rlt.Text.Jinja.Values;

namespace Rlt.Text.Jinja.Syntax;

/// <content>Names, literals, and the attributes, items and calls behind them.</content>
internal sealed partial class ExpressionParser
{
    private Expression ParsePrimary()
    {
        Token token = tokens.Current;
        switch (token.Kind)
        {
            case TokenKind.Name:
                return ParseName(tokens.Next());
            case TokenKind.String:
                return ParseStrings();
            case TokenKind.Integer or TokenKind.Float:
                tokens.Next();
                return new Literal(token.Value!, token.Line);
            case TokenKind.Operator when token.Text == "(":
                tokens.Next();
                Expression inner = ParseTuple(inParentheses: true);
                tokens.ExpectOperator(")");
                return inner;
            case TokenKind.Operator when token.Text == "[":
                return ParseList();
            case TokenKind.Operator when token.Text == "{":
                return ParseDict();
            default:
                throw tokens.Unexpected("an expression");
        }
    }

    private Expression ParseName(Token token)
    {
        switch (token.Text)
        {
            case "true" or "True":
                return new Literal(true, token.Line);
            case "false" or "False":
                return new Literal(false, token.Line);
            case "none" or "None":
                return new Literal(PyNone.Value, token.Line);
            default:
                if (_macroNames.TryPeek(out HashSet<string>? names))
                {
                    names.Add(token.Text);
                }

                return new VariableName(token.Text, token.Line);
        }
    }

    private Literal ParseStrings()
    {
        Token first = tokens.Next();
        string value = (string)first.Value!;
        while (tokens.Current.Kind == TokenKind.String)
        {
            value += (string)tokens.Next().Value!;
        }

        return new Literal(value, first.Line);
    }

    private ListLiteral ParseList()
    {
        int line = tokens.Next().Line;
        var items = new List<Expression>();
        while (!tokens.Current.IsOperator("]"))
        {
            items.Add(ParseExpression());
            if (!tokens.Current.IsOperator("]"))
            {
                tokens.ExpectOperator(",");
            }
        }

        tokens.Next();
        return new ListLiteral(items, line);
    }

    private DictLiteral ParseDict()
    {
        int line = tokens.Next().Line;
        var pairs = new List<(Expression, Expression)>();
        while (!tokens.Current.IsOperator("}"))
        {
            Expression key = ParseExpression();
            tokens.ExpectOperator(":");
            pairs.Add((key, ParseExpression()));
            if (!tokens.Current.IsOperator("}"))
            {
                tokens.ExpectOperator(",");
            }
        }

        tokens.Next();
        return new DictLiteral(pairs, line);
    }

    private Expression ParsePostfix(Expression value)
    {
        while (true)
        {
            int line = tokens.Current.Line;
            if (tokens.SkipOperator("."))
            {
                value = ParseAttribute(value, line);
            }
            else if (tokens.SkipOperator("["))
            {
                value = ParseSubscript(value, line);
            }
            else if (tokens.Current.IsOperator("("))
            {
                value = new CallExpression(value, ParseArguments(), line);
            }
            else
            {
                return value;
            }
        }
    }

    private Expression ParseAttribute(Expression target, int line)
    {
        Token token = tokens.Next();
        return token.Kind switch
        {
            TokenKind.Name => new AttributeAccess(target, token.Text, line),
            TokenKind.Integer => new ItemAccess(target, new Literal(token.Value!, token.Line), line),
            _ => throw tokens.Error(token.Line, $"found {token.Description} behind '.', expected a name or an index"),
        };
    }

    private Expression ParseSubscript(Expression target, int line)
    {
        if (tokens.SkipOperator("]"))
        {
            return new ItemAccess(target, new TupleLiteral([], line), line);
        }

        Expression? start = null;
        if (!tokens.Current.IsOperator(":"))
        {
            start = ParseTupleIndex(line);
            if (tokens.SkipOperator("]"))
            {
                return new ItemAccess(target, start, line);
            }
        }

        if (!tokens.SkipOperator(":"))
        {
            throw tokens.Unexpected("']' or ':'");
        }

        Expression? stop = IsSliceEnd() ? null : ParseExpression();
        Expression? step = tokens.SkipOperator(":") && !IsSliceEnd() ? ParseExpression() : null;
        tokens.ExpectOperator("]");
        return new SliceAccess(target, start, stop, step, line);
    }

    private Expression ParseTupleIndex(int line)
    {
        Expression first = ParseExpression();
        if (!tokens.Current.IsOperator(","))
        {
            return first;
        }

        var items = new List<Expression> { first };
        while (tokens.SkipOperator(",") && !tokens.Current.IsOperator("]"))
        {
            items.Add(ParseExpression());
        }

        return new TupleLiteral(items, line);
    }

    private bool IsSliceEnd() => tokens.Current.IsOperator("]") || tokens.Current.IsOperator(":");
}
