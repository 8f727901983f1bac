using Rlt.Grading.Numbers;

namespace Rlt.Grading.Syntax;

/// <summary>Tuples, intervals, groups, sets and absolute values.</summary>
internal sealed partial class AnswerParser
{
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
