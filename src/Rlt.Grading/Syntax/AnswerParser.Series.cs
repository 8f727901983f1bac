using System.Text.RegularExpressions;
using Rlt.Grading.Equality;

namespace Rlt.Grading.Syntax;

/// <summary>Sums and products over a range: functions, of which nothing is known, of their bounds and of one term.</summary>
internal sealed partial class AnswerParser
{
    // "i" is the variable of a sum over i, not the imaginary unit.
    private readonly HashSet<string> _bound = [];

    private Call Series(string name)
    {
        Expr? lower = null, upper = null;
        for (bool goesOn = true; goesOn;)
        {
            goesOn = (lower is null && Take('_') && (lower = Bound()) is not null) || (upper is null && Take('^') && (upper = Bound()) is not null);
        }

        string? variable = lower is Relation { Operators: "=", Operands: [var counted, _] }
            ? counted switch { Symbol symbol => symbol.Name, Constant constant => constant.Name.ToString(), _ => null } : null;
        bool isNew = variable is not null && _bound.Add(variable);
        Expr term = Deeper(Multiplied);
        if (isNew)
        {
            _bound.Remove(variable!);
        }

        Symbol[] counter = [];
        if (variable is not null)
        {
            // The variable's name says nothing; one inside another series has a number of its own.
            string bound = "∑" + term.All().Count(part => part is Call { Name: "sum()" or "prod()" });
            term = Substitution.Rename(
                term, term.All().OfType<Symbol>().Select(symbol => symbol.Name).Distinct().ToDictionary(
                    symbol => symbol, symbol => Bound(symbol, variable, bound)));
            lower = ((Relation)lower!).Operands[1];
            counter = [new Symbol(bound)];
        }

        return new Call(name + "()", [Finite(lower ?? new Symbol("∑from")), Finite(upper ?? new Symbol("∑to")), term, .. counter]);
    }

    // Infinity has no value; as a bound it is a name.
    private static Expr Finite(Expr bound) => bound switch
    {
        Infinity => new Symbol("∑infinity"),
        Negation { Inner: Infinity } => new Negation(new Symbol("∑infinity")),
        _ => bound,
    };

    private Expr Bound()
    {
        if (!Take('{'))
        {
            return Deeper(Primary);
        }

        Expr bound = Deeper(Listing);
        Expect('}');
        return bound;
    }

    // The variable may be a subscript, or part of one: F_{n-k}.
    private static string Bound(string symbol, string variable, string bound) => symbol == variable ? bound
        : symbol.IndexOf('_', StringComparison.Ordinal) is var mark and >= 0
            ? symbol[..mark] + Regex.Replace(symbol[mark..], $"(?<![A-Za-z]){Regex.Escape(variable)}(?![A-Za-z])", bound)
        : symbol;
}
