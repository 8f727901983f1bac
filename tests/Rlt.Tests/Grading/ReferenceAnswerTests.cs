using System.Globalization;
using System.Numerics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Rlt.Grading;
using Rlt.Tests.Teaching;

namespace Rlt.Tests.Grading;

/// <summary>Public benchmarks: the references grade as right, the same with a wrong answer in its place as wrong.</summary>
public sealed partial class ReferenceAnswerTests
{
    // Solutions whose last statement is not the reference answer.
    private static readonly Dictionary<string, string> WrongSolutions = new()
    {
        ["gsm8k-test-0493"] = "ends with $0.25; the question and the answer, 25, are in cents",
        ["gsm8k-test-0607"] = "ends with $0.10; the question and the answer, 10, are in cents",
        ["gsm8k-test-1038"] = "computes 6 years; the answer is 4",
        ["gsm8k-test-1243"] = "ends with $0.50; the question and the answer, 50, are in cents",
    };

    public static TheoryData<string> Benchmarks => new("aime24", "aime25", "amc_aimo83", "math500", "gsm8k_test", "olympiadbench_math_en");

    [RealDataTheory]
    [InlineData("aime24")]
    [InlineData("math500")]
    [InlineData("gsm8k_test")]
    public void Grade_ReferenceSolution_IsRight(string benchmark)
    {
        string[] wrong = [.. Rows(benchmark).Where(row => !IsRight(row, Text(row, "solution"))).Select(row => Text(row, "id"))];
        Assert.Equal(WrongSolutions.Keys.Where(id => id.StartsWith(benchmark.Replace("_test", "", StringComparison.Ordinal), StringComparison.Ordinal)), wrong);
    }

    // Each solution that does not end with its answer is listed with the kind of reason.
    [RealDataTheory]
    [InlineData("olympiadbench_math_en")]
    public void Grade_OlympiadSolution_IsRightButForTheListed(string benchmark)
    {
        string list = Path.Combine(Golden.RepositoryRoot, "tests", "Rlt.Tests", "Grading", "olympiadbench-solutions.txt");
        string[] listed = [.. System.IO.File.ReadLines(list).Where(line => !line.StartsWith('#')).Select(line => line.Split(' ')[0])];
        Assert.Equal(listed, Rows(benchmark).Where(row => !IsRight(row, Text(row, "solution"))).Select(row => Text(row, "id")));
    }

    // A solution answers its own question only: chance agreements are a few small numbers.
    [RealDataTheory]
    [InlineData("olympiadbench_math_en")]
    public void Grade_SolutionOfAnotherQuestion_IsWrong(string benchmark)
    {
        JsonObject[] rows = [.. Rows(benchmark)];
        Assert.InRange(rows.Where((row, i) => IsRight(rows[(i + 1) % rows.Length], Text(row, "solution"))).Count(), 0, rows.Length / 50);
    }

    // With the answer after them, proofs are right too.
    [RealDataTheory]
    [InlineData("olympiadbench_math_en")]
    public void Grade_SolutionWithItsAnswer_IsRight(string benchmark) => Assert.Empty(Rows(benchmark)
        .Where(row => !IsRight(row, $"{Text(row, "solution")}\n\nThe final answer is ${Formula(row)}$.") || !IsRight(row, $"{Text(row, "solution")}\n\n$\\boxed{{{Text(row, "answer")}}}$"))
        .Select(row => Text(row, "id")));

    [RealDataTheory]
    [MemberData(nameof(Benchmarks))]
    public void Grade_ReferenceAnswer_IsRightHoweverStated(string benchmark) => Assert.Empty(Rows(benchmark)
        .Where(row => !Statements(Formula(row)).Append(Text(row, "answer")).Append($"\\boxed{{{Text(row, "answer")}}}").All(response => IsRight(row, response)))
        .Select(row => Text(row, "id")));

    [RealDataTheory]
    [MemberData(nameof(Benchmarks))]
    public void Grade_WrongAnswer_IsWrongHoweverStated(string benchmark) => Assert.Empty(Rows(benchmark)
        .Where(row => Wrong(Formula(row)).SelectMany(Statements).Any(response => IsRight(row, response)))
        .Select(row => Text(row, "id")));

    private static IEnumerable<string> Statements(string answer) =>
        [$"\\boxed{{{answer}}}", $"We compute.\n\nThe answer is ${answer}$.", $"**Final Answer:** \\({answer}\\)", $"<think>It is 5 or $\\boxed{{5}}$.</think>\nSo we get\n\\[ \\boxed{{{answer}}} \\]"];

    // Each number of the answer raised by one, in turn; another word or letter where it has none.
    private static IEnumerable<string> Wrong(string answer)
    {
        MatchCollection numbers = Digits().Matches(answer);
        return numbers.Count == 0
            ? [answer + "+7", "\\text{" + (answer.Contains("east", StringComparison.Ordinal) ? "west" : "(D)") + "}", "1234"]
            : numbers.Select(number => answer[..number.Index] + (BigInteger.Parse(number.Value, CultureInfo.InvariantCulture) + 1) + answer[(number.Index + number.Length)..]);
    }

    private static bool IsRight(JsonObject row, string response) => AnswerGrader.Grade(Text(row, "answer"), response, GradingOptions.Default).Correct;

    private static IEnumerable<JsonObject> Rows(string benchmark) => Golden.Lines(RealDataTests.At($"eval/{benchmark}.jsonl"));

    private static string Text(JsonObject row, string key) => row[key]!.GetValue<string>();

    // Answers of several formulas hold their delimiters in the middle.
    private static string Formula(JsonObject row) => Text(row, "answer").Replace("\\$", "", StringComparison.Ordinal).Replace("$", "", StringComparison.Ordinal);

    [GeneratedRegex(@"\d+")]
    private static partial Regex Digits();
}
