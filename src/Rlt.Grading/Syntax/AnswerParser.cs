using Rlt.Grading.Numbers;

namespace Rlt.Grading.Syntax;

/// <summary>Reads an answer as a tree: lists of relations of sums of products.</summary>
/// <remarks>
/// Juxtaposition multiplies; a whole number before a proper fraction is a mixed number; a function without brackets takes the factors up to the
/// next operator or function. Depth, tokens and characters are bounded.
/// </remarks>
internal sealed partial class AnswerParser
{
    /// <summary>Longer answers are compared as text.</summary>
    public const int MostCharacters = 4000;

    private const int MostDepth = 60;
    private const string RelationSigns = "=≠<>≤≥≈∈∉≡";

    private readonly List<AnswerToken> _tokens;
    private int _at;
    private int _depth;
    private int _openBars;

    private AnswerParser(List<AnswerToken> tokens) => _tokens = tokens;

    private AnswerToken Next => _tokens[_at];

    /// <summary>The tree of an answer; null where it cannot be read as mathematics.</summary>
    /// <param name="text">LaTeX or plain.</param>
    /// <param name="commasSeparate">Whether "1,234" is two values rather than one number.</param>
    /// <param name="readsSeries">Whether sums and products over a range are read; they state no value.</param>
    public static Expr? TryParse(string text, bool commasSeparate = false, bool readsSeries = false)
    {
        if (text.Length > MostCharacters)
        {
            return null;
        }

        try
        {
            var parser = new AnswerParser(AnswerLexer.Read(text, commasSeparate, readsSeries));
            Expr answer = parser.Listing();
            return parser.Next.Kind == AnswerTokenKind.End ? answer : null;
        }
        catch (UngradableException)
        {
            return null;
        }
    }

    private static UngradableException Unexpected(AnswerToken token) => new($"'{token.Text}' is not expected");

    private bool Take(char sign)
    {
        bool isNext = Next.IsSign(sign);
        _at += isNext ? 1 : 0;
        return isNext;
    }

    private void Expect(char sign)
    {
        if (!Take(sign))
        {
            throw Unexpected(Next);
        }
    }

    private T Deeper<T>(Func<T> parse)
    {
        if (++_depth > MostDepth)
        {
            throw new UngradableException("too deep");
        }

        T result = parse();
        _depth--;
        return result;
    }

    // a, b and c; also one under another.
    private Expr Listing()
    {
        var items = new List<Expr> { Related() };
        bool isOr = false;
        while (TakeSeparator(ref isOr))
        {
            if (Next.Kind == AnswerTokenKind.End || IsCloser(Next))
            {
                break;
            }

            items.Add(Related());
        }

        return items.Count == 1 ? items[0] : new Listing(items, isOr);
    }

    private bool TakeSeparator(ref bool isOr)
    {
        bool any = false;
        while (true)
        {
            bool isWordOr = IsConnective(Next, "or") || Next.IsSign('∨');
            if (!isWordOr && !IsConnective(Next, "and") && !Next.IsSign(',') && !Next.IsSign(';') && !Next.IsSign('∧') && !(Next.IsSign('⏎') && _depth == 0))
            {
                return any;
            }

            isOr |= isWordOr;
            any = true;
            _at++;
        }
    }

    private static bool IsConnective(AnswerToken token, string word) =>
        token.Kind == AnswerTokenKind.Words && token.Text.Trim(' ', ',', '.').ToLowerInvariant() is var text
            && (text == word || (word == "and" && text is "&" or "with"));

    private static bool IsCloser(AnswerToken token) => token.Kind == AnswerTokenKind.Sign && ")]}⦄".Contains(token.Text, StringComparison.Ordinal);

    private Expr Related()
    {
        Expr first = SetExpression();
        if (!IsRelation(Next))
        {
            return first;
        }

        var operands = new List<Expr> { first };
        string operators = "";
        while (IsRelation(Next))
        {
            operators += Next.Text;
            _at++;
            operands.Add(SetExpression());
        }

        return new Relation(operands, operators);
    }

    private static bool IsRelation(AnswerToken token) => token.Kind == AnswerTokenKind.Sign && RelationSigns.Contains(token.Text, StringComparison.Ordinal);

    private Expr SetExpression()
    {
        Expr left = AddedUp();
        while (Next.Kind == AnswerTokenKind.Sign && "∪∩∖".Contains(Next.Text, StringComparison.Ordinal))
        {
            char sign = Next.Text[0];
            _at++;
            left = new SetOperation(sign, left, AddedUp());
        }

        return left;
    }

    private Expr AddedUp()
    {
        var terms = new List<Expr>();
        while (true)
        {
            char sign = Next.Kind == AnswerTokenKind.Sign && "+-±∓".Contains(Next.Text, StringComparison.Ordinal) ? Next.Text[0] : '\0';
            if (sign == '\0' && terms.Count > 0)
            {
                return terms.Count == 1 ? terms[0] : new Sum(terms);
            }

            _at += sign == '\0' ? 0 : 1;
            Expr term = Deeper(() => sign != '\0' && "+-±∓".Contains(Next.Text.PadRight(1)[0], StringComparison.Ordinal)
                && Next.Kind == AnswerTokenKind.Sign ? AddedUp() : Multiplied());
            terms.Add(sign switch
            {
                '-' => new Negation(term),
                '±' => new PlusMinus(term, MinusFirst: false),
                '∓' => new PlusMinus(term, MinusFirst: true),
                _ => term,
            });
        }
    }
}
