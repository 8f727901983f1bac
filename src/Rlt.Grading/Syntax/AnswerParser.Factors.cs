namespace Rlt.Grading.Syntax;

/// <summary>Factors: what stands between operators, with its powers, factorials and signs after it.</summary>
internal sealed partial class AnswerParser
{
    private bool BeginsFactor(AnswerToken token) => token.Kind switch
    {
        AnswerTokenKind.Number or AnswerTokenKind.Name => true,
        AnswerTokenKind.Command => token.Text is not ("end" or "rfloor" or "rceil" or "choose"),
        AnswerTokenKind.Sign => "([{⦃∞∅".Contains(token.Text, StringComparison.Ordinal) || (token.IsSign('|') && _openBars == 0),
        _ => false,
    };

    private Expr Factor() => Deeper(() => After(Primary()));

    private Expr After(Expr expression)
    {
        while (true)
        {
            if (Take('^'))
            {
                expression = Raised(expression);
            }
            else if (Take('!'))
            {
                expression = Next.IsSign('!') ? throw Unexpected(Next) : new Call("factorial", [expression]);
            }
            else if (Take('%'))
            {
                expression = new Percent(expression);
            }
            else if (Take('°'))
            {
                expression = new Degrees(expression);
            }
            else if (Next.IsSign('\'') && expression is Symbol symbol)
            {
                _at++;
                expression = new Symbol(symbol.Name + "'");
            }
            else if (Next.IsSign('_'))
            {
                _at++;
                expression = Subscripted(expression);
            }
            else
            {
                return expression;
            }
        }
    }

    private Expr Primary()
    {
        AnswerToken token = Next;
        _at++;
        switch (token.Kind)
        {
            case AnswerTokenKind.Number:
                return NumberText.Parse(token.Text);
            case AnswerTokenKind.Name:
                return Named(token.Text);
            case AnswerTokenKind.Words:
                return new Words(token.Text);
            case AnswerTokenKind.Command:
                return Commanded(token);
            case AnswerTokenKind.Sign:
                return Signed(token);
            default:
                throw Unexpected(token);
        }
    }

    private Expr Named(string name) => name switch
    {
        "π" => new Constant('π'),
        "e" or "i" when !_bound.Contains(name) && !Next.IsSign('_') && !Next.IsSign('\'') => new Constant(name[0]),
        _ => Applied(name),
    };

    // f(x) is a function's value where the letter usually names one; any other letter is a factor.
    private Expr Applied(string name)
    {
        string full = name;
        int start = _at;
        if (Take('_'))
        {
            full += "_" + Subscript();
        }

        while (Take('\''))
        {
            full += "'";
        }

        bool isFunction = name is "f" or "g" or "h" or "F" or "G" or "H" or "P" or "Q" or "φ" or "varphi" && Next.IsSign('(');
        if (!isFunction)
        {
            _at = start;
            return new Symbol(name);
        }

        _at++;
        Expr inner = Deeper(Listing);
        Expect(')');
        return new Call(full + "()", inner is Listing many ? many.Items : [inner]);
    }

    private Expr Signed(AnswerToken token)
    {
        switch (token.Text[0])
        {
            case '∞':
                return new Infinity();
            case '∅':
                return new SetOf([]);
            case '(' or '[':
                return Brackets(token.Text[0]);
            case '{':
                return Braces();
            case '⦃':
                return SetBraces();
            case '|':
                return Bars();
            default:
                throw Unexpected(token);
        }
    }
}
