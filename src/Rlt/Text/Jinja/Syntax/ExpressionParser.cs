using System.Runtime.CompilerServices;
using Rlt.Text.Jinja.Runtime;
using Rlt.Text.Jinja.Values;

namespace Rlt.Text.Jinja.Syntax;

/// <summary>Parses expressions; each method is one level of precedence, loosest first.</summary>
internal sealed class ExpressionParser(TokenReader tokens)
{
    // Templates nest a few levels; a bound keeps hostile ones from using up the stack.
    private const int MaxNesting = 200;

    private static readonly HashSet<string> s_comparisons = ["==", "!=", "<", "<=", ">", ">="];

    private readonly Stack<HashSet<string>> _macroNames = new();
    private int _nesting;

    /// <summary>How many conditional statements and expressions surround the parser: an unknown filter inside one is
    /// an error only where it is reached, as in Jinja.</summary>
    public int ConditionDepth { get; set; }

    /// <summary>Starts collecting the names read, for macros that use "caller", "kwargs" or "varargs".</summary>
    public void BeginMacro() => _macroNames.Push([]);

    /// <summary>Ends collecting; the names count for the enclosing macro too.</summary>
    public HashSet<string> EndMacro()
    {
        HashSet<string> names = _macroNames.Pop();
        if (_macroNames.TryPeek(out HashSet<string>? outer))
        {
            outer.UnionWith(names);
        }

        return names;
    }

    /// <summary>An expression, or a tuple without parentheses where commas follow.</summary>
    public Expression ParseTuple(bool allowsConditional = true, string? endName = null, bool inParentheses = false)
    {
        int line = tokens.Current.Line;
        var items = new List<Expression>();
        bool isTuple = false;
        while (!IsTupleEnd(endName))
        {
            items.Add(allowsConditional ? ParseExpression() : ParseOr());
            if (!tokens.SkipOperator(","))
            {
                break;
            }

            isTuple = true;
        }

        if (!isTuple && items.Count == 1)
        {
            return items[0];
        }

        return isTuple || inParentheses ? new TupleLiteral(items, line) : throw tokens.Unexpected("an expression");
    }

    /// <summary>A whole expression without bare commas.</summary>
    public Expression ParseExpression()
    {
        if (++_nesting > MaxNesting || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw tokens.Error(tokens.Current.Line, $"expressions are nested more than {MaxNesting} deep");
        }

        Expression value = ParseOr();
        while (tokens.Current.IsName("if"))
        {
            int line = tokens.Next().Line;
            ConditionDepth++;
            Expression test = ParseOr();
            Expression? otherwise = tokens.SkipName("else") ? ParseExpression() : null;
            ConditionDepth--;
            value = new ConditionalExpression(test, value, otherwise, line);
        }

        _nesting--;
        return value;
    }

    /// <summary>"| filter | filter…" applied to the output of a block; at least one where <paramref name="first"/> is set.</summary>
    public FilterExpression? ParseBlockFilters(bool first)
    {
        Expression? filter = null;
        while (first || tokens.SkipOperator("|"))
        {
            filter = ParseFilter(filter);
            first = false;
        }

        return (FilterExpression?)filter;
    }

    /// <summary>A name or literal with the attributes, items and calls behind it.</summary>
    public Expression ParsePrimaryWithPostfix() => ParsePostfix(ParsePrimary());

    private bool IsTupleEnd(string? endName) =>
        tokens.Current.Kind is TokenKind.VariableEnd or TokenKind.BlockEnd
        || tokens.Current.IsOperator(")")
        || (endName is not null && tokens.Current.IsName(endName));

    private Expression ParseOr()
    {
        Expression left = ParseAnd();
        while (tokens.Current.IsName("or"))
        {
            int line = tokens.Next().Line;
            left = new OrExpression(left, ParseAnd(), line);
        }

        return left;
    }

    private Expression ParseAnd()
    {
        Expression left = ParseNot();
        while (tokens.Current.IsName("and"))
        {
            int line = tokens.Next().Line;
            left = new AndExpression(left, ParseNot(), line);
        }

        return left;
    }

    private Expression ParseNot()
    {
        if (!tokens.Current.IsName("not"))
        {
            return ParseComparison();
        }

        int line = tokens.Next().Line;
        return Nested(() => new UnaryExpression("not", ParseNot(), line));
    }

    private Expression Nested(Func<Expression> parse)
    {
        if (++_nesting > MaxNesting)
        {
            throw tokens.Error(tokens.Current.Line, $"expressions are nested more than {MaxNesting} deep");
        }

        Expression result = parse();
        _nesting--;
        return result;
    }

    private Expression ParseComparison()
    {
        Expression first = ParseSum();
        var rest = new List<(string, Expression)>();
        int line = tokens.Current.Line;
        while (true)
        {
            if (tokens.Current.Kind == TokenKind.Operator && s_comparisons.Contains(tokens.Current.Text))
            {
                rest.Add((tokens.Next().Text, ParseSum()));
            }
            else if (tokens.SkipName("in"))
            {
                rest.Add(("in", ParseSum()));
            }
            else if (tokens.Current.IsName("not") && tokens.Following.IsName("in"))
            {
                tokens.Next();
                tokens.Next();
                rest.Add(("not in", ParseSum()));
            }
            else
            {
                return rest.Count == 0 ? first : new ComparisonExpression(first, rest, line);
            }
        }
    }

    private Expression ParseSum() => ParseBinary(ParseConcat, "+", "-");

    private Expression ParseConcat()
    {
        Expression first = ParseProduct();
        if (!tokens.Current.IsOperator("~"))
        {
            return first;
        }

        int line = tokens.Current.Line;
        var parts = new List<Expression> { first };
        while (tokens.SkipOperator("~"))
        {
            parts.Add(ParseProduct());
        }

        return new ConcatExpression(parts, line);
    }

    private Expression ParseProduct() => ParseBinary(ParsePower, "*", "/", "//", "%");

    private Expression ParsePower() => ParseBinary(() => ParseUnary(takesFilters: true), "**");

    private Expression ParseBinary(Func<Expression> operand, params ReadOnlySpan<string> operators)
    {
        Expression left = operand();
        while (tokens.Current.Kind == TokenKind.Operator && operators.Contains(tokens.Current.Text))
        {
            Token sign = tokens.Next();
            left = new BinaryExpression(sign.Text, left, operand(), sign.Line);
        }

        return left;
    }

    private Expression ParseUnary(bool takesFilters)
    {
        Expression value;
        if (tokens.Current.IsOperator("-") || tokens.Current.IsOperator("+"))
        {
            Token sign = tokens.Next();
            value = Nested(() => new UnaryExpression(sign.Text, ParseUnary(takesFilters: false), sign.Line));
        }
        else
        {
            value = ParsePrimary();
        }

        value = ParsePostfix(value);
        return takesFilters ? ParseFiltersAndTests(value) : value;
    }

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
