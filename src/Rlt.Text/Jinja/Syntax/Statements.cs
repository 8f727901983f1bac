namespace Rlt.Text.Jinja.Syntax;

/// <summary>A node that writes output or changes variables.</summary>
internal abstract record Statement(int Line);

internal sealed record TextStatement(string Text, int Line) : Statement(Line);

internal sealed record PrintStatement(Expression Value, int Line) : Statement(Line);

internal sealed record IfStatement(
    IReadOnlyList<(Expression Test, IReadOnlyList<Statement> Body)> Branches, IReadOnlyList<Statement> Otherwise, int Line)
    : Statement(Line);

internal sealed record ForStatement(
    AssignmentTarget Target,
    Expression Items,
    Expression? Test,
    bool IsRecursive,
    IReadOnlyList<Statement> Body,
    IReadOnlyList<Statement> Otherwise,
    int Line) : Statement(Line);

internal sealed record SetStatement(AssignmentTarget Target, Expression Value, int Line) : Statement(Line);

internal sealed record SetBlockStatement(
    AssignmentTarget Target, FilterExpression? Filter, IReadOnlyList<Statement> Body, int Line) : Statement(Line);

internal sealed record MacroStatement(MacroDefinition Macro, int Line) : Statement(Line);

internal sealed record CallBlockStatement(CallExpression Call, MacroDefinition Caller, int Line) : Statement(Line);

/// <summary>A "generation" block: its body, with variables of its own.</summary>
internal sealed record ScopeStatement(IReadOnlyList<Statement> Body, int Line) : Statement(Line);

internal sealed record BreakStatement(int Line) : Statement(Line);

internal sealed record ContinueStatement(int Line) : Statement(Line);

/// <summary>The parameters and body of a macro or of a call block; a call block has no name.</summary>
internal sealed record MacroDefinition(
    string? Name,
    IReadOnlyList<(string Name, Expression? Default)> Parameters,
    IReadOnlyList<Statement> Body,
    bool UsesCaller,
    bool TakesNamed,
    bool TakesPositional);

/// <summary>What an assignment or a loop binds.</summary>
internal abstract record AssignmentTarget(int Line);

internal sealed record NameTarget(string Name, int Line) : AssignmentTarget(Line);

/// <summary>"namespace.name".</summary>
internal sealed record NamespaceTarget(string Namespace, string Name, int Line) : AssignmentTarget(Line);

internal sealed record TupleTarget(IReadOnlyList<AssignmentTarget> Items, int Line) : AssignmentTarget(Line);
