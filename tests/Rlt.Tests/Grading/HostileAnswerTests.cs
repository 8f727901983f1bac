using System.Diagnostics;
using System.Globalization;
using Rlt.Grading;
using Xunit.Abstractions;

namespace Rlt.Tests.Grading;

/// <summary>No answer makes the grader throw or hang. RLT_GRADER_MUTATIONS sets how many are tried; the slowest is told where it is set.</summary>
public sealed class HostileAnswerTests(ITestOutputHelper output)
{
    // Far above what grading takes: only a hang exceeds it.
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(10);

    private const string Matrix = "\\begin{pmatrix}1&x\\\\y&2\\end{pmatrix}";

    private static int Mutations => int.TryParse(Environment.GetEnvironmentVariable("RLT_GRADER_MUTATIONS"), CultureInfo.InvariantCulture, out int count) ? count : 5000;

    private static string[] Hostile =>
    [
        "9^9^9^9", "9^{9^{9^{9}}}", "(((9!)!)!)!", "2^{10^{100}}", "10^{-10^{10}}", "\\sin(10^{10^{10}})", "\\sqrt[999999999]{2}", "\\binom{10^9}{10^8}", "\\frac{1}{0}", "0^0", "0^{-1}", "\\ln 0", "1e999999999",
        new string('(', 100_000), new string('{', 100_000) + new string('}', 100_000), new string('9', 1_000_000), new string('x', 1_000_000), string.Concat(Enumerable.Repeat("\\frac{", 50_000)),
        string.Concat(Enumerable.Repeat("x+", 1900)) + "x", string.Concat(Enumerable.Repeat("2^", 1000)) + "2", string.Concat(Enumerable.Repeat("\\boxed{", 20_000)), string.Concat(Enumerable.Repeat("$", 100_000)),
        string.Concat(Enumerable.Repeat("\\pm 1,", 600)), "(" + string.Concat(Enumerable.Repeat("x+y+z+1)(", 150)) + "1)", string.Concat(Enumerable.Repeat("1.5^{1.5}", 300)), new string('-', 3000) + "1", string.Concat(Enumerable.Repeat("\\tan ", 900)) + "1",
        new string('(', 50) + Matrix + string.Concat(Enumerable.Repeat("+" + Matrix + ")", 50)), string.Concat(Enumerable.Repeat(Matrix, 60)), string.Concat(Enumerable.Repeat("2^{", 45)) + string.Concat(Enumerable.Repeat("n+", 800)) + "n" + new string('}', 45),
        string.Concat(Enumerable.Repeat("the answer is ", 50_000)), string.Concat(Enumerable.Repeat("1, ", 1000)), "\ud83d\0\ufeff", "", " ", string.Concat(Enumerable.Repeat("\\sqrt{2+", 50)) + "1" + new string('}', 50), string.Concat(Enumerable.Repeat("1/(1+", 50)) + "x" + new string(')', 50),
    ];

    [Fact]
    public void Grade_HostileTexts_EndWithAVerdict()
    {
        foreach (string text in Hostile)
        {
            (string Answer, string Response)[] pairs =
            [
                (text, text), (text, $"\\boxed{{{text}}}"), ("5", $"\\boxed{{{text}}}"), (text, "\\boxed{5}"), ("5", text), (text + "1", $"\\boxed{{1{text}}}"), ("x", $"The final answer is ${text}$"),
            ];
            foreach ((string answer, string response) in pairs)
            {
                var clock = Stopwatch.StartNew();
                AnswerGrader.Grade(answer, response, GradingOptions.Default);
                string shown = text[..Math.Min(40, text.Length)];
                output.WriteLine($"{clock.Elapsed.TotalMilliseconds:F1} ms: {shown} against {response[..Math.Min(40, response.Length)]}");
                Assert.True(clock.Elapsed < Hang, $"{clock.Elapsed}: {shown}");
            }
        }
    }

    [Fact]
    public void Grade_MutatedAnswers_NeverThrows()
    {
        var answers = new MutatedAnswers(seed: 1);
        AnswerGrader.Grade("\\sin 1", "\\boxed{\\ln 2 + \\sqrt{x}}", GradingOptions.Default);
        (TimeSpan slowest, string what) = (TimeSpan.Zero, "");
        int correct = 0;
        for (int k = 0; k < Mutations; k++)
        {
            (string answer, string response) = answers.Next();
            var clock = Stopwatch.StartNew();
            correct += AnswerGrader.Grade(answer, response, GradingOptions.Default).Correct ? 1 : 0;
            (slowest, what) = clock.Elapsed > slowest ? (clock.Elapsed, $"{answer} | {response}") : (slowest, what);
        }

        output.WriteLine($"{Mutations} graded, {correct} correct, the slowest in {slowest.TotalMilliseconds:F1} ms: {what}");
        Assert.True(slowest < Hang, $"{slowest}: {what}");
        Assert.InRange(correct, Mutations / 20, Mutations / 2);
    }
}
