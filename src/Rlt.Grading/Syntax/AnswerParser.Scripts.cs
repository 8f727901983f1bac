using Rlt.Grading.Numbers;

namespace Rlt.Grading.Syntax;

/// <summary>Powers and subscripts.</summary>
internal sealed partial class AnswerParser
{
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

    private static BaseNumber Based(string digits, string subscript) =>
        int.TryParse(subscript, out int radix) && radix is >= 2 and <= 36 && digits.All(digit => digit - '0' < radix)
        ? new BaseNumber(digits, radix)
        : throw new UngradableException("digits that the base does not have");

    private string Subscript()
    {
        if (!Take('{'))
        {
            string one = Next.Kind is AnswerTokenKind.Number or AnswerTokenKind.Name or AnswerTokenKind.Words or AnswerTokenKind.Command
                ? Next.Text : throw Unexpected(Next);
            _at++;
            return one;
        }

        string text = "";
        for (int depth = 1; ; _at++)
        {
            depth += Next.IsSign('{') ? 1 : Next.IsSign('}') ? -1 : 0;
            if (Next.Kind == AnswerTokenKind.End)
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
}
