namespace Rlt.Text.Jinja.Syntax;

/// <summary>A node that has a value.</summary>
internal abstract record Expression(int Line);

internal sealed record Literal(object Value, int Line) : Expression(Line);

internal sealed record VariableName(string Name, int Line) : Expression(Line);

internal sealed record ListLiteral(IReadOnlyList<Expression> Items, int Line) : Expression(Line);

internal sealed record TupleLiteral(IReadOnlyList<Expression> Items, int Line) : Expression(Line);

internal sealed record DictLiteral(IReadOnlyList<(Expression Key, Expression Value)> Pairs, int Line) : Expression(Line);

/// <summary>"target.name".</summary>
internal sealed record AttributeAccess(Expression Target, string Name, int Line) : Expression(Line);

/// <summary>"target[index]".</summary>
internal sealed record ItemAccess(Expression Target, Expression Index, int Line) : Expression(Line);

/// <summary>"target[start:stop:step]".</summary>
internal sealed record SliceAccess(Expression Target, Expression? Start, Expression? Stop, Expression? Step, int Line)
    : Expression(Line);

internal sealed record CallExpression(Expression Target, ArgumentList Arguments, int Line) : Expression(Line);

/// <summary>"input | name(arguments)"; without an input the filter takes the output of its block.</summary>
internal sealed record FilterExpression(Expression? Input, string Name, ArgumentList Arguments, int Line) : Expression(Line);

/// <summary>"input is name(arguments)".</summary>
internal sealed record TestExpression(Expression Input, string Name, ArgumentList Arguments, int Line) : Expression(Line);

/// <summary>"not x", "-x" or "+x"; <paramref name="Operator"/> is that word or sign.</summary>
internal sealed record UnaryExpression(string Operator, Expression Operand, int Line) : Expression(Line);

/// <summary>Arithmetic: + - * / // % **.</summary>
internal sealed record BinaryExpression(string Operator, Expression Left, Expression Right, int Line) : Expression(Line);

internal sealed record AndExpression(Expression Left, Expression Right, int Line) : Expression(Line);

internal sealed record OrExpression(Expression Left, Expression Right, int Line) : Expression(Line);

/// <summary>"a &lt; b &lt;= c": each operator compares its neighbours.</summary>
internal sealed record ComparisonExpression(Expression First, IReadOnlyList<(string Operator, Expression Right)> Rest, int Line)
    : Expression(Line);

/// <summary>"a ~ b ~ c".</summary>
internal sealed record ConcatExpression(IReadOnlyList<Expression> Parts, int Line) : Expression(Line);

/// <summary>"then if test else otherwise".</summary>
internal sealed record ConditionalExpression(Expression Test, Expression Then, Expression? Otherwise, int Line) : Expression(Line);

/// <summary>The arguments of a call, filter or test.</summary>
internal sealed record ArgumentList(
    IReadOnlyList<Expression> Positional,
    IReadOnlyList<(string Name, Expression Value)> Named,
    Expression? Spread,
    Expression? NamedSpread)
{
    public static ArgumentList Empty { get; } = new([], [], null, null);
}
