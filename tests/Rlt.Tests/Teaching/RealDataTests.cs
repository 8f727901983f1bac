using Rlt.Configuration;
using Rlt.Data;
using Rlt.Evaluation;
using Rlt.Teaching;

namespace Rlt.Tests.Teaching;

/// <summary>Public data sets are read whole, without a row left out; skipped, by name, where they are absent.</summary>
public sealed class RealDataTests
{
    private static readonly PromptFormat Stratos = ConfigLoader.Load<PromptFormat>(Path.Combine(Golden.RepositoryRoot, "configs", "formats", "stratos.yaml"), []);

    [RealDataTheory]
    [InlineData("train/aime_1983_2023_solutions.jsonl", 975)]
    [InlineData("train/math_test_minus_math500.jsonl", 4500)]
    [InlineData("train/gsm8k_train_3000.jsonl", 3000)]
    [InlineData("eval/math500.jsonl", 500)]
    public void Read_QuestionsWithSolutions_AllRows(string file, int count)
    {
        UsableRows<TeachingTask> tasks = TeachingRows.Read(Source(file), Stratos, needsExplanation: false);
        Assert.Equal((count, 0), (tasks.Rows.Count, tasks.LeftOut));
        Assert.All(tasks.Rows, task => Assert.NotNull(task.Answer));
    }

    [RealDataTheory]
    [InlineData("eval/aime24.jsonl", 30)]
    [InlineData("eval/aime25.jsonl", 30)]
    [InlineData("eval/amc_aimo83.jsonl", 83)]
    [InlineData("eval/math500.jsonl", 500)]
    [InlineData("eval/gsm8k_test.jsonl", 1319)]
    [InlineData("eval/olympiadbench_math_en.jsonl", 675)]
    public void Read_QuestionsWithAnswers_AllRows(string file, int count)
    {
        UsableRows<EvalQuestion> questions = Evaluator.Read(Source(file));
        Assert.Equal((count, 0), (questions.Rows.Count, questions.LeftOut));
    }

    [RealDataTheory]
    [InlineData("traces/bespoke_stratos_real_rows.jsonl", 2)]
    [InlineData("traces/s1k_gemini_real_rows.jsonl", 5)]
    public void Read_TracesAsColumnsOrConversations_SameSolutions(string file, int count)
    {
        UsableRows<TeachingTask> columns = TeachingRows.Read(Source(file), Stratos, needsExplanation: true);
        TeachingTask[] turns = [.. RowFile.Read(At(file)).Select(row =>
        {
            row.Fields.Remove("question");
            return TeachingRows.Task(row, Stratos, needsExplanation: true);
        })];
        Assert.Equal((count, 0), (columns.Rows.Count, columns.LeftOut));
        Assert.Equal(count, turns.Length);
        Assert.All(columns.Rows.Zip(turns), pair => Assert.Equal(Words(pair.First.Explanation!), Words(pair.Second.Explanation!)));
        Assert.All(columns.Rows.Zip(turns), pair => Assert.EndsWith(Words(pair.First.Question), Words(pair.Second.Question), StringComparison.Ordinal));
    }

    [RealDataTheory]
    [InlineData("traces/bespoke_stratos_real_rows.jsonl")]
    public void Read_BespokeRows_BringTheStudentsSystemPrompt(string file) =>
        Assert.All(TeachingRows.Read(Source(file), Stratos, needsExplanation: true).Rows, task => Assert.StartsWith("Your role as an assistant", task.StudentSystem, StringComparison.Ordinal));

    [RealDataTheory]
    [InlineData("traces/s1k_gemini_real_rows.jsonl")]
    public void Read_NamedColumns_TakesTheReferenceSolution(string file)
    {
        DataSource source = Source(file) with { Fields = new FieldNames { Solution = "reference_solution", Explanation = "reasoning_trace" } };
        UsableRows<TeachingTask> tasks = TeachingRows.Read(source, Stratos, needsExplanation: true);
        Assert.Equal("\n\n128\n\n", tasks.Rows[1].Solution);
        Assert.Equal((5, 0), (tasks.Rows.Count, tasks.LeftOut));
    }

    internal static string At(string file) => Path.Combine(Golden.RepositoryRoot, "..", "shared", "data", file);

    private static DataSource Source(string file) => new(At(file));

    private static string Words(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}

/// <summary>A test over public data sets beside the repository; skipped, by name, where they are absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RealDataTheoryAttribute : TheoryAttribute
{
    public RealDataTheoryAttribute()
    {
        if (!Directory.Exists(RealDataTests.At("")))
        {
            Skip = "shared/data is not on this machine";
        }
    }
}
