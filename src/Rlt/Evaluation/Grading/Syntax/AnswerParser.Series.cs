using System.Text.RegularExpressions;
using Rlt.Evaluation.Grading.Equality;

namespace Rlt.Evaluation.Grading.Syntax;

/// <summary>Sums and products over a range: functions, of which nothing is known, of their bounds and of one term.</summary>
internal sealed partial class AnswerParser
{
    private Call Series(string name)
    {
        Expr? lower = null, upper = null;
        for (bool goesOn = true; goesOn;)
        {
            goesOn = (lower is null && Take('_') && (lower = Bound()) is not null) || (upper is null && Take('^') && (upper = Bound()) is not null);
        }

        Expr term = Deeper(Multiplied);
        if (lower is Relation { Operators: "=", Operands: [Symbol variable, var first] })
        {
            // The variable's name says nothing; one inside another series has a number of its own.
            string bound = "∑" + term.All().Count(part => part is Call { Name: "sum()" or "prod()" });
            term = Substitution.Rename(term, term.All().OfType<Symbol>().Select(symbol => symbol.Name).Distinct().ToDictionary(symbol => symbol, symbol => Bound(symbol, variable.Name, bound)));
            lower = first;
        }

        return new Call(name + "()", [lower ?? new Symbol("∑from"), upper ?? new Symbol("∑to"), term]);
    }

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
        : symbol.IndexOf('_', StringComparison.Ordinal) is var mark and >= 0 ? symbol[..mark] + Regex.Replace(symbol[mark..], $"(?<![A-Za-z]){Regex.Escape(variable)}(?![A-Za-z])", bound)
        : symbol;
}
