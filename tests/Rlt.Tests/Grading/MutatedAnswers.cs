namespace Rlt.Tests.Grading;

/// <summary>Answers of every kind, cut up, joined, nested and repeated, from a seed.</summary>
internal sealed class MutatedAnswers(int seed)
{
    private static readonly string[] Seeds =
    [
        "\\frac{\\sqrt{3}}{4}", "1,234,567.89", "\\{1\\pm\\sqrt{5},-2\\}", "(-\\infty,2)\\cup(3,\\infty]", "x^5-x^4+x^3-1", "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "52_{8}", "9^{9^{9^9}}",
        "\\binom{2n}{n}", "100!", "\\sin^{-1}\\frac{\\pi}{7}", "\\log_2 3", "1\\leq|z|\\leq\\frac{3}{2}", "f(x)=x^2+1", "\\text{Evelyn}", "15\\mbox{ cm}^2", "30^\\circ", "28\\%", "$x = 5$ or $x=-5$", "e^{i\\pi}",
        "\\lfloor n/2\\rfloor", "(1,2),(3,4)", "0.\\overline{3}", "1\\frac{4}{5}", "A_{i,j}", "\\sqrt[n]{x}", "\\boxed{7}", "The answer is 12.", "<think>a</think>b", "2^{2^{n}}", "\\{x\\mid x>3\\}", "1e400", "10^{-999}",
    ];

    private static readonly string[] Pieces = ["{", "}", "(", ")", "[", "]", "\\{", "\\}", "^", "_", "\\", "\\frac", "\\sqrt", "$", ",", "|", "!", "-", "+", "=", "<", "\\pm", "\\\\", "&", "\\text{", " and ", "9", "99999999", ".", "\\left(", "\\right)", "°", "%", "√", "\ud83d", "\0", "\n", "e", "i", "π", "x", "\\cup", "\\in", "^{^{", "!!", "/0", "\\begin{pmatrix}", "\\end{pmatrix}", "\\log", "\\tan"];

    private readonly Random _random = new(seed);

    /// <summary>The next answer, and one to compare it with.</summary>
    public (string Answer, string Response) Next()
    {
        string answer = Mutated(), other = _random.Next(3) == 0 ? answer : Mutated();
        return (answer, _random.Next(4) switch
        {
            0 => other,
            1 => $"\\boxed{{{other}}}",
            2 => $"The final answer is ${other}$.",
            _ => $"\\boxed{{{other}",
        });
    }

    private string Mutated()
    {
        string text = Seeds[_random.Next(Seeds.Length)];
        for (int k = _random.Next(6); k > 0; k--)
        {
            int at = _random.Next(text.Length + 1);
            text = _random.Next(7) switch
            {
                0 => text.Insert(at, Pieces[_random.Next(Pieces.Length)]),
                1 => text[..at],
                2 => text[at..],
                3 => text.Insert(at, Seeds[_random.Next(Seeds.Length)]),
                4 => text.Length > 0 ? text.Remove(_random.Next(text.Length), 1) : text,
                5 => Wrapped(text),
                _ => string.Concat(Enumerable.Repeat(text, _random.Next(1, 1 + Math.Min(60, 4000 / Math.Max(1, text.Length))))),
            };
        }

        return text;
    }

    private string Wrapped(string text)
    {
        (string open, string close) = _random.Next(6) switch
        {
            0 => ("(", ")"),
            1 => ("\\sqrt{", "}"),
            2 => ("\\frac{1}{", "}"),
            3 => ("9^{", "}"),
            4 => ("\\tan(", ")"),
            _ => ("{", "}!"),
        };
        int times = _random.Next(1, 100);
        return string.Concat(Enumerable.Repeat(open, times)) + text + string.Concat(Enumerable.Repeat(close, times));
    }
}
