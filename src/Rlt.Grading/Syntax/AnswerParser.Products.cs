using Rlt.Grading.Numbers;

namespace Rlt.Grading.Syntax;

/// <summary>Products and quotients, mixed numbers, and units.</summary>
internal sealed partial class AnswerParser
{
    private Expr Multiplied()
    {
        Expr left = Factor();
        var factors = new List<Expr> { left };
        while (true)
        {
            if (Take('*'))
            {
                factors.Add(SignedFactor());
            }
            else if (Take('/') || Take(':'))
            {
                Expr bottom = SignedFactor();
                Expr top = Together(factors);
                factors = [new Quotient(top, bottom)];
            }
            else if (Next.Kind == AnswerTokenKind.Words && !IsSeparatorWord(Next))
            {
                factors = [Unit(Together(factors))];
            }
            else if (BeginsFactor(Next))
            {
                AddNext(factors);
            }
            else
            {
                return Together(factors);
            }
        }
    }

    private static Expr Together(List<Expr> factors) => factors.Count == 1 ? factors[0] : new Product(factors);

    private static bool IsSeparatorWord(AnswerToken token) => IsConnective(token, "or") || IsConnective(token, "and");

    private Expr SignedFactor() => Take('-') ? new Negation(Deeper(SignedFactor)) : Take('+') ? Deeper(SignedFactor) : Factor();

    // 1½ is a sum; two numbers side by side are no product.
    private void AddNext(List<Expr> factors)
    {
        bool afterSpace = Next.AfterSpace, isNumber = Next.Kind == AnswerTokenKind.Number;
        Expr next = Factor();
        if (factors is [Number { IsDecimal: false } whole] && whole.Value.IsInteger
            && next is Quotient { Top: Number { Value.IsInteger: true } top, Bottom: Number { Value.IsInteger: true } bottom } && top.Value < bottom.Value)
        {
            factors[0] = new Sum([whole, next]);
        }
        else if (isNumber && factors[^1] is Number { IsDecimal: false } count && count.Value.IsInteger && afterSpace && Take('/')
            && Factor() is Number { Value.IsInteger: true } under && next is Number { Value.IsInteger: true } over && over.Value < under.Value)
        {
            factors[^1] = new Sum([count, new Quotient(over, under)]);
        }
        else if (isNumber && factors[^1] is Number)
        {
            throw new UngradableException("two numbers side by side");
        }
        else
        {
            factors.Add(next);
        }
    }

    // Words after a number are its unit, with its power; they end the term.
    private WithUnit Unit(Expr quantity)
    {
        string unit = "";
        while ((Next.Kind == AnswerTokenKind.Words && !IsSeparatorWord(Next)) || (Next.IsSign('/') && _tokens[_at + 1].Kind == AnswerTokenKind.Words))
        {
            unit += Take('/') ? "/" : " ";
            unit += Next.Text;
            _at++;
            if (Take('^'))
            {
                unit += "^" + (ScriptNumber() ?? throw Unexpected(Next));
            }
        }

        bool ends = Next.Kind == AnswerTokenKind.End || IsCloser(Next) || IsSeparatorWord(Next) || Next.IsSign(',') || Next.IsSign(';') || IsRelation(Next)
            || Next.IsSign('+') || Next.IsSign('-') || Next.IsSign('⏎') || Next.IsSign('&');
        return ends ? new WithUnit(quantity, unit.Trim()) : throw Unexpected(Next);
    }

    private string? ScriptNumber()
    {
        bool isGroup = Take('{');
        string? number = Next.Kind == AnswerTokenKind.Number ? Next.Text : null;
        _at += number is null ? 0 : 1;
        return !isGroup || Take('}') ? number : null;
    }
}
