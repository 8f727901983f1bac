using System.Runtime.CompilerServices;

namespace Rlt.Text.Jinja.Syntax;

/// <summary>Parses expressions. Here: operators, each method one level of precedence, loosest first; what they join, and
/// filters, tests and arguments, are in the files beside this one.</summary>
internal sealed partial class ExpressionParser(TokenReader tokens)
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

    /// <summary>"| filter | filter…" applied to the output of a block.</summary>
    public FilterExpression? ParseBlockFilters()
    {
        Expression? filter = null;
        while (tokens.SkipOperator("|"))
        {
            filter = ParseFilter(filter);
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
}
