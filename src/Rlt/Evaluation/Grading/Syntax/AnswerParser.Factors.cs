using Rlt.Evaluation.Grading.Numbers;

namespace Rlt.Evaluation.Grading.Syntax;

/// <summary>Factors: what stands between operators, with its powers, factorials and signs after it.</summary>
internal sealed partial class AnswerParser
{
    private bool BeginsFactor(Token token) => token.Kind switch
    {
        TokenKind.Number or TokenKind.Name => true,
        TokenKind.Command => token.Text is not ("end" or "rfloor" or "rceil" or "choose"),
        TokenKind.Sign => "([{⦃∞∅".Contains(token.Text, StringComparison.Ordinal) || (token.IsSign('|') && _openBars == 0),
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

    private Expr Raised(Expr expression)
    {
        bool isGroup = Take('{');
        if (Take('°'))
        {
            if (isGroup)
            {
                Expect('}');
            }

            return new Degrees(expression);
        }

        if (!isGroup)
        {
            return new Power(expression, SignedScript());
        }

        Expr exponent = Deeper(AddedUp);
        Expect('}');
        return new Power(expression, exponent);
    }

    // x^-1 and x^2 without braces.
    private Expr SignedScript() => Take('-') ? new Negation(SignedScript()) : Deeper(() => Take('^') ? throw Unexpected(Next) : ScriptPower(Primary()));

    // 2^3^4 is 2 to the power of 3^4.
    private Expr ScriptPower(Expr script) => Take('^') ? Deeper(() => Raised(script)) : script;

    private Expr Subscripted(Expr expression)
    {
        string subscript = Subscript();
        return expression switch
        {
            Number { IsDecimal: false } number when number.Value.IsInteger => Based(number.Value.Numerator.ToString(), subscript),
            Bracketed { Items: [Number { IsDecimal: false } inner] } when inner.Value.IsInteger => Based(inner.Value.Numerator.ToString(), subscript),
            Symbol symbol => new Symbol($"{symbol.Name}_{subscript}"),
            Constant constant => new Symbol($"{constant.Name}_{subscript}"),
            _ => throw new UngradableException("a subscript of neither a name nor a number"),
        };
    }

    private static BaseNumber Based(string digits, string subscript) => int.TryParse(subscript, out int radix) && radix is >= 2 and <= 36 && digits.All(digit => digit - '0' < radix)
        ? new BaseNumber(digits, radix)
        : throw new UngradableException("digits that the base does not have");

    private string Subscript()
    {
        if (!Take('{'))
        {
            string one = Next.Kind is TokenKind.Number or TokenKind.Name or TokenKind.Words or TokenKind.Command ? Next.Text : throw Unexpected(Next);
            _at++;
            return one;
        }

        string text = "";
        for (int depth = 1; ; _at++)
        {
            depth += Next.IsSign('{') ? 1 : Next.IsSign('}') ? -1 : 0;
            if (Next.Kind == TokenKind.End)
            {
                throw Unexpected(Next);
            }

            if (depth == 0)
            {
                _at++;
                return text;
            }

            text += Next.Text;
        }
    }

    private Expr Primary()
    {
        Token token = Next;
        _at++;
        switch (token.Kind)
        {
            case TokenKind.Number:
                return NumberText.Parse(token.Text);
            case TokenKind.Name:
                return Named(token.Text);
            case TokenKind.Words:
                return new Words(token.Text);
            case TokenKind.Command:
                return Commanded(token);
            case TokenKind.Sign:
                return Signed(token);
            default:
                throw Unexpected(token);
        }
    }

    private Expr Named(string name) => name switch
    {
        "π" => new Constant('π'),
        "e" or "i" when !Next.IsSign('_') && !Next.IsSign('\'') => new Constant(name[0]),
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

    private Expr Signed(Token token)
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

    private Expr Brackets(char open)
    {
        (int bars, _openBars) = (_openBars, 0);
        Expr inner = Deeper(Listing);
        _openBars = bars;
        char close = Next.IsSign(')') ? ')' : Next.IsSign(']') ? ']' : throw Unexpected(Next);
        _at++;
        return inner is Listing many ? new Bracketed(open, many.Items, close)
            : open == '(' && close == ')' && inner is not Number ? inner
            : new Bracketed(open, [inner], close);
    }

    // Braces group; those around a list make a set of it.
    private Expr Braces()
    {
        if (Take('}'))
        {
            throw new UngradableException("empty braces");
        }

        (int bars, _openBars) = (_openBars, 0);
        Expr inner = Deeper(Listing);
        _openBars = bars;
        if (Next.IsCommand("choose"))
        {
            _at++;
            inner = new Call("binomial", [inner, Deeper(AddedUp)]);
        }

        Expect('}');
        return inner is Listing list ? new SetOf(list.Items) : inner;
    }

    private Expr SetBraces()
    {
        if (Take('⦄'))
        {
            return new SetOf([]);
        }

        (int bars, _openBars) = (_openBars, 1);
        Expr inner = Deeper(Listing);
        _openBars = bars;
        if (Take('|') || Take(':'))
        {
            inner = new SetBuilder(inner, Deeper(Listing));
            Expect('⦄');
            return inner;
        }

        Expect('⦄');
        return new SetOf(inner is Listing many ? many.Items : [inner]);
    }

    private Call Bars()
    {
        _openBars++;
        Expr inner = Deeper(AddedUp);
        Expect('|');
        _openBars--;
        return new Call("abs", [inner]);
    }
}
