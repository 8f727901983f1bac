using Rlt.Configuration;
using Rlt.Data;
using Rlt.Evaluation;
using Rlt.Evaluation.Questions;
using Rlt.Tests.Data;
using Rlt.Tests.Teaching;

namespace Rlt.Tests.Evaluation.Questions;

/// <summary>Benchmarks read their files; the questions with choices are our own.</summary>
public sealed class QuestionTests : IDisposable
{
    private const string Choices = """
        Pre-Revision Question,Pre-Revision Correct Answer,Pre-Revision Incorrect Answer 1,Question,Correct Answer,Incorrect Answer 1,Incorrect Answer 2,Incorrect Answer 3,Record ID
        old,old right,old wrong,"Which colour, of these, has the sky?",blue,green,"red, mostly",brown,r1
        old,old right,old wrong,What is 2 + {a}?,four,five,six,seven,r2
        old,old right,old wrong,Which is a fruit?,apple,stone,cloud,river,r3

        """;

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [RealDataTheory]
    [InlineData("aime24", "aime24", 30)]
    [InlineData("aime25", "aime25", 30)]
    [InlineData("math500", "math500", 500)]
    [InlineData("gsm8k", "gsm8k_test", 1319)]
    [InlineData("amc", "amc_aimo83", 83)]
    [InlineData("olympiadbench", "olympiadbench_math_en", 675)]
    public void Read_PublicFile_AllQuestionsByTheirPrompt(string benchmark, string file, int count)
    {
        UsableRows<EvalQuestion> read = Evaluator.Read(new DataSource(RealDataTests.At($"eval/{file}.jsonl")), Benchmark(benchmark));
        Assert.Equal((count, 0), (read.Rows.Count, read.LeftOut));
        Assert.All(read.Rows, question => Assert.Contains(question.Task.Question, question.Prompt, StringComparison.Ordinal));
        Assert.Equal(count, read.Rows.Select(question => question.Id).Distinct().Count());
    }

    [Theory]
    [InlineData("aime24", "Return your final response within \\boxed{}. 1 + 1?")]
    [InlineData("math500", "Return your final response within \\boxed{}. 1 + 1?")]
    [InlineData("amc", "Return your final response within \\boxed{}. 1 + 1?")]
    [InlineData("olympiadbench", "Return your final response within \\boxed{}. 1 + 1?")]
    [InlineData("aime25", "1 + 1?\nReturn your final response within \\boxed{}")]
    [InlineData("gsm8k", "Given the following problem, reason and give a final answer to the problem.\nProblem: 1 + 1?\nYour response should end with \"The final answer is [answer]\" where [answer] is the response to the problem.")]
    public void Prompt_OfBenchmark_IsSkyThoughts(string benchmark, string prompt) => Assert.Equal(prompt, PromptTemplate.Fill(Benchmark(benchmark).Prompt, "1 + 1?", []));

    [Fact]
    public void Read_OfficialGpqaColumns_ShufflesTheRevisedChoices()
    {
        EvalQuestion[] questions = [.. Read(Choices)];
        Assert.Equal(3, questions.Length);
        Assert.All(questions, question => Assert.DoesNotContain("old", question.Prompt, StringComparison.Ordinal));
        Assert.Equal(["blue", "four", "apple"], questions.Select(question => question.Choices["ABCD".IndexOf(question.Answer, StringComparison.Ordinal)]));
        EvalQuestion sky = questions[0];
        Assert.Equal(["blue", "brown", "green", "red, mostly"], sky.Choices.Order(StringComparer.Ordinal));
        Assert.Equal(
            "Return your final response within \\boxed{} and only include the letter choice (A, B, C, or D) as your final response. Which colour, of these, has the sky?"
                + $"\nA) {sky.Choices[0]}, B) {sky.Choices[1]}, C) {sky.Choices[2]}, D) {sky.Choices[3]}",
            sky.Prompt);

        // What looks like a place in the question is left as it is.
        Assert.Contains("What is 2 + {a}?\nA)", questions[1].Prompt, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_QuestionInAnotherPlace_KeepsItsOrder()
    {
        string[] lines = Choices.Split('\n');
        EvalQuestion[] there = [.. Read(Choices)], reversed = [.. Read(string.Join('\n', lines[0], lines[3], lines[2], lines[1], ""))];
        Assert.Equal(there.Select(question => (question.Id, question.Prompt)), reversed.Reverse().Select(question => (question.Id, question.Prompt)));
    }

    [Fact]
    public void ChoiceOrder_ManyQuestions_PutsTheRightOneEverywhereAlike()
    {
        int[] counts = new int[4];
        foreach (int i in Enumerable.Range(0, 4000))
        {
            counts[Array.IndexOf(ChoiceOrder.Of($"question {i}", 4), 0)]++;
        }

        // A thousand each; the deviation is 27.
        Assert.All(counts, count => Assert.InRange(count, 880, 1120));
    }

    [Fact]
    public void Read_ChoiceMissing_SaysWhichColumnButNotTheQuestion()
    {
        string message = Assert.Throws<DataException>(() => Read("Question,Correct Answer,Incorrect Answer 1,Incorrect Answer 2,Incorrect Answer 3\nsecret?,right,wrong,,other\n")).Message;
        Assert.EndsWith("q.csv:2: 'Incorrect Answer 2' is missing or no text; expected a choice.", message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_PublishedGsm8kRow_TakesWhatFollowsTheMark()
    {
        string path = _scratch.Write("gsm.jsonl", """{"question": "how many?", "answer": "2 + 2 = <<2+2=4>>4\n#### 1,004"}""");
        Assert.Equal("1,004", Assert.Single(Evaluator.Read(new DataSource(path), Benchmark("gsm8k")).Rows).Answer);
    }

    [Theory]
    [InlineData("prompt: hello", "prompt has no {question}; expected a text with the place of the question")]
    [InlineData("wrong_choices: [a]", "wrong_choices names 1 columns; expected 0, as there is no correct_choice")]
    [InlineData("{answer: choice, correct_choice: r, wrong_choices: [a, b, c]}", "prompt lacks a choice; expected {a}, {b}, {c} and {d}")]
    [InlineData("{prompt: '{question} {a} {b} {c} {d}', correct_choice: r, wrong_choices: [a, b, c]}", "correct_choice is set while answer is not choice; expected answer: choice")]
    public void Load_DefinitionThatCannotBe_SaysWhat(string yaml, string message) =>
        Assert.EndsWith(message, Assert.Throws<ConfigException>(() => ConfigLoader.Load<BenchmarkDefinition>(_scratch.Write("b.yaml", yaml), [])).Message, StringComparison.Ordinal);

    private static BenchmarkDefinition Benchmark(string name) => ConfigLoader.Load<BenchmarkDefinition>(Path.Combine(Golden.RepositoryRoot, "configs", "benchmarks", name + ".yaml"), []);

    private IReadOnlyList<EvalQuestion> Read(string csv) => Evaluator.Read(new DataSource(_scratch.Write("q.csv", csv)), Benchmark("gpqa-diamond")).Rows;
}
