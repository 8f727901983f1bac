using Rlt.Grading.Numbers;

namespace Rlt.Grading.Syntax;

/// <summary>Fractions, roots, functions and matrices.</summary>
internal sealed partial class AnswerParser
{
    private const int MostCells = 200;

    private Expr Commanded(AnswerToken token) => token.Text switch
    {
        "frac" => new Quotient(Argument(), Argument()),
        "binom" => new Call("binomial", [Argument(), Argument()]),
        "sqrt" => Root(),
        "lfloor" => Closed("floor", "rfloor"),
        "lceil" => Closed("ceil", "rceil"),
        "begin" => Cells(),
        "determinant" => new Call("determinant", [Cells()]),
        "sum" or "prod" => Series(token.Text),
        "end" or "rfloor" or "rceil" or "choose" => throw Unexpected(token),
        _ => Function(token.Text),
    };

    // \frac12: one digit is an argument.
    private Expr Argument()
    {
        if (Next.Kind == AnswerTokenKind.Number && Next.Text.Length > 1 && char.IsAsciiDigit(Next.Text[0]))
        {
            AnswerToken number = Next;
            _tokens[_at] = number with { Text = number.Text[1..], AfterSpace = false };
            return NumberText.Parse(number.Text[..1]);
        }

        return Take('-') ? new Negation(Deeper(Primary)) : Deeper(Primary);
    }

    private Call Root()
    {
        if (!Take('['))
        {
            return new Call("root", [Deeper(Primary), new Number(2)]);
        }

        Expr index = Deeper(AddedUp);
        Expect(']');
        return new Call("root", [Deeper(Primary), index]);
    }

    private Call Closed(string name, string close)
    {
        Expr inner = Deeper(AddedUp);
        _at += Next.IsCommand(close) ? 1 : throw Unexpected(Next);
        return new Call(name, [inner]);
    }

    private Expr Function(string name)
    {
        Expr? radix = name == "log" && Take('_') ? Deeper(Primary) : null;
        Expr? power = Take('^') ? Deeper(PowerOfFunction) : null;
        radix ??= name == "log" && Take('_') ? Deeper(Primary) : null;
        IReadOnlyList<Expr> arguments = Deeper(Arguments);
        bool isInverse = power is Negation { Inner: Number one } && one.Value == Rational.One;
        Expr value = new Call(isInverse ? "arc" + name : name, radix is null ? arguments : [.. arguments, radix]);
        return power is null || isInverse ? value : new Power(value, power);
    }

    private Expr PowerOfFunction()
    {
        if (!Take('{'))
        {
            return SignedScript();
        }

        Expr power = AddedUp();
        Expect('}');
        return power;
    }

    private IReadOnlyList<Expr> Arguments()
    {
        if (Next.IsSign('(') || Next.IsSign('['))
        {
            return Primary() switch
            {
                Bracketed bracketed => bracketed.Items,
                var one => [one],
            };
        }

        var factors = new List<Expr> { Take('-') ? new Negation(Factor()) : Factor() };
        while (BeginsFactor(Next) && !(Next.Kind == AnswerTokenKind.Command && Commands.Functions.ContainsKey(Next.Text)) && !Next.IsSign('('))
        {
            factors.Add(Factor());
        }

        return [Together(factors)];
    }

    private MatrixExpr Cells()
    {
        var rows = new List<IReadOnlyList<Expr>>();
        var row = new List<Expr>();
        int cells = 0;
        while (!Next.IsCommand("end"))
        {
            row.Add(Deeper(AddedUp));
            if (++cells > MostCells)
            {
                throw new UngradableException("a large matrix");
            }

            if (Take('⏎') || Next.IsCommand("end"))
            {
                rows.Add(row);
                row = [];
            }
            else
            {
                Expect('&');
            }
        }

        _at++;
        bool isEven = rows.Count > 0 && row.Count == 0 && rows.All(cells => cells.Count == rows[0].Count);
        return isEven ? new MatrixExpr(rows) : throw new UngradableException("rows of different lengths");
    }
}
