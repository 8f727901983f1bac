using Rlt.Text.Jinja.Functions;

namespace Rlt.Text.Jinja.Syntax;

/// <content>Filters, tests and the arguments of calls.</content>
internal sealed partial class ExpressionParser
{
    private Expression ParseFiltersAndTests(Expression value)
    {
        while (true)
        {
            if (tokens.SkipOperator("|"))
            {
                value = ParseFilter(value);
            }
            else if (tokens.SkipName("is"))
            {
                value = ParseTest(value);
            }
            else if (tokens.Current.IsOperator("("))
            {
                int line = tokens.Current.Line;
                value = new CallExpression(value, ParseArguments(), line);
            }
            else
            {
                return value;
            }
        }
    }

    private FilterExpression ParseFilter(Expression? input)
    {
        int line = tokens.Current.Line;
        string name = ParseDottedName("the name of a filter");
        if (ConditionDepth == 0 && !Filters.Exists(name))
        {
            throw tokens.Error(line, $"there is no filter '{name}'; expected one of Jinja's filters or tojson");
        }

        ArgumentList arguments = tokens.Current.IsOperator("(") ? ParseArguments() : ArgumentList.Empty;
        return new FilterExpression(input, name, arguments, line);
    }

    private Expression ParseTest(Expression value)
    {
        int line = tokens.Current.Line;
        bool isNegated = tokens.SkipName("not");
        string name = ParseDottedName("the name of a test");
        if (ConditionDepth == 0 && !Tests.Exists(name))
        {
            throw tokens.Error(line, $"there is no test '{name}'; expected one of Jinja's tests");
        }

        ArgumentList arguments = ArgumentList.Empty;
        if (tokens.Current.IsOperator("("))
        {
            arguments = ParseArguments();
        }
        else if (BeginsTestArgument(tokens.Current))
        {
            arguments = new ArgumentList([ParsePrimaryWithPostfix()], [], null, null);
        }

        Expression test = new TestExpression(value, name, arguments, line);
        return isNegated ? new UnaryExpression("not", test, line) : test;
    }

    private bool BeginsTestArgument(Token token)
    {
        if (token.IsName("is"))
        {
            throw tokens.Error(token.Line, "tests cannot be chained with 'is'; write 'a is x and a is y'");
        }

        return token.Kind switch
        {
            TokenKind.Name => token.Text is not ("else" or "or" or "and"),
            TokenKind.String or TokenKind.Integer or TokenKind.Float => true,
            TokenKind.Operator => token.Text is "[" or "{",
            _ => false,
        };
    }

    private string ParseDottedName(string what)
    {
        string name = tokens.ExpectName(what).Text;
        while (tokens.SkipOperator("."))
        {
            name += "." + tokens.ExpectName(what).Text;
        }

        return name;
    }

    private ArgumentList ParseArguments()
    {
        int line = tokens.Next().Line;
        var positional = new List<Expression>();
        var named = new List<(string, Expression)>();
        Expression? spread = null;
        Expression? namedSpread = null;
        while (!tokens.Current.IsOperator(")"))
        {
            bool isInOrder;
            if (tokens.SkipOperator("*"))
            {
                isInOrder = spread is null && namedSpread is null;
                spread = ParseExpression();
            }
            else if (tokens.SkipOperator("**"))
            {
                isInOrder = namedSpread is null;
                namedSpread = ParseExpression();
            }
            else if (tokens.Current.Kind == TokenKind.Name && tokens.Following.IsOperator("="))
            {
                isInOrder = namedSpread is null;
                string name = tokens.Next().Text;
                tokens.Next();
                named.Add((name, ParseExpression()));
            }
            else
            {
                isInOrder = named.Count == 0 && spread is null && namedSpread is null;
                positional.Add(ParseExpression());
            }

            if (!isInOrder)
            {
                throw tokens.Error(line, "arguments of a call are out of order; expected positional ones, named ones, *list, **dict");
            }

            if (!tokens.Current.IsOperator(")"))
            {
                tokens.ExpectOperator(",");
            }
        }

        tokens.Next();
        return new ArgumentList(positional, named, spread, namedSpread);
    }
}
