using System.Runtime.CompilerServices;

namespace Rlt.Text.Jinja.Syntax;

/// <summary>Parses what assignments, loops and macros bind.</summary>
internal sealed class AssignmentParser(TokenReader tokens, ExpressionParser expressions)
{
    private static readonly HashSet<string> s_constants = ["true", "false", "none", "True", "False", "None"];

    /// <summary>One target, or a tuple of them up to <paramref name="endName"/>, "=" or the tag's end.</summary>
    public AssignmentTarget Parse(string? endName, bool allowsNamespace)
    {
        int line = tokens.Current.Line;
        var items = new List<AssignmentTarget> { ParseOne(allowsNamespace) };
        bool isTuple = false;
        while (tokens.SkipOperator(","))
        {
            isTuple = true;
            if (tokens.Current.Kind is TokenKind.BlockEnd or TokenKind.VariableEnd
                || tokens.Current.IsOperator(")") || tokens.Current.IsOperator("=")
                || (endName is not null && tokens.Current.IsName(endName)))
            {
                break;
            }

            items.Add(ParseOne(allowsNamespace));
        }

        return isTuple ? new TupleTarget(items, line) : items[0];
    }

    /// <summary>A single name that may be assigned to.</summary>
    public string ParseName()
    {
        Token token = tokens.ExpectName("a name");
        return s_constants.Contains(token.Text)
            ? throw tokens.Error(token.Line, $"'{token.Text}' cannot be assigned to; expected a name")
            : token.Text;
    }

    /// <summary>"(a, b=1)" of a macro or call block.</summary>
    public List<(string Name, Expression? Default)> ParseSignature()
    {
        var parameters = new List<(string Name, Expression? Default)>();
        tokens.ExpectOperator("(");
        while (!tokens.Current.IsOperator(")"))
        {
            if (parameters.Count > 0)
            {
                tokens.ExpectOperator(",");
            }

            int line = tokens.Current.Line;
            string name = ParseName();
            Expression? value = tokens.SkipOperator("=") ? expressions.ParseExpression() : null;
            if (value is null && parameters.Count > 0 && parameters[^1].Default is not null)
            {
                throw tokens.Error(line, $"parameter '{name}' has no default but follows one that has; expected '{name}=…'");
            }

            parameters.Add((name, value));
        }

        tokens.Next();
        return parameters;
    }

    private AssignmentTarget ParseOne(bool allowsNamespace)
    {
        int line = tokens.Current.Line;
        if (tokens.SkipOperator("("))
        {
            if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            {
                throw tokens.Error(line, "parentheses are nested too deep");
            }

            AssignmentTarget inner = Parse(endName: null, allowsNamespace);
            tokens.ExpectOperator(")");
            return inner;
        }

        string name = ParseName();
        return allowsNamespace && tokens.SkipOperator(".")
            ? new NamespaceTarget(name, tokens.ExpectName("an attribute's name").Text, line)
            : new NameTarget(name, line);
    }
}
