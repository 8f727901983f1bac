using System.Text.Json.Nodes;
using Rlt.Configuration;
using Rlt.Data;
using Rlt.Evaluation;
using Rlt.Evaluation.Questions;
using Rlt.Models;
using Rlt.Runs;
using Rlt.Teaching;
using Rlt.Tests.Data;

namespace Rlt.Tests.Evaluation;

public sealed class EvaluatorTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly LanguageModel _model;

    public EvaluatorTests() => _model = LanguageModel.Load(TinyDirectory.Write(_scratch["model"]), TinyDirectory.Device);

    private static EvalConfig Config => new()
    {
        Model = "M", Data = "D", Out = "unused", Format = "unused", Samples = 2, Temperature = 1, MaxNewTokens = 5, SamplingRows = 3, BlockSize = 1,
    };

    public void Dispose()
    {
        _model.Dispose();
        _scratch.Dispose();
    }

    [Fact]
    public void Run_EarlierRows_GoesOnAndSummarisesAll()
    {
        using RunFolder folder = Folder("a");

        // Right answers of the first three questions: 2, 1 and 0 of 2; the fourth was cut off after its first sample.
        string[] rows = [.. new[] { true, true, true, false, false, false, true }.Select((correct, i) => Row(i / 2, i % 2, correct, tokens: 10, "stop", "7"))];
        File.WriteAllText(Results(folder), string.Concat(rows.Select(row => row + "\n")) + "{\"index\":3,\"sam");
        var seen = new List<int>();
        JsonObject summary = Evaluator(Config).Run(folder, (done, _) => seen.Add(done), default);
        Assert.Equal([4], seen);
        JsonObject[] written = [.. JsonLines.Read(Results(folder)).Select(row => row.Fields)];
        Assert.Equal(["0/0", "0/1", "1/0", "1/1", "2/0", "2/1", "3/0", "3/1"], written.Select(row => $"{row["index"]}/{row["sample"]}"));
        Assert.Equal(rows[..6], written[..6].Select(row => JsonLines.Line(row)));
        Assert.All(written[6..], row => Assert.False(row["correct"]!.GetValue<bool>()));

        // Shares 1, ½, 0, 0: mean 0.375.
        Assert.Equal(0.375, summary["accuracy"]!.GetValue<double>(), 1e-12);
        double[] ends = [.. summary["accuracy_interval"]!.AsArray().Select(end => end!.GetValue<double>())];
        Assert.True(ends[0] < 0.375 && ends[1] > 0.375);
        Assert.Equal((ends[1] - ends[0]) / 2, summary["accuracy_95"]!.GetValue<double>(), 1e-12);
        Assert.Equal((4, 2), (summary["questions"]!.GetValue<int>(), summary["samples"]!.GetValue<int>()));
        double newTokens = written[6..].Sum(row => row["tokens"]!.GetValue<int>());
        Assert.Equal((60 + newTokens) / 8, summary["mean_tokens"]!.GetValue<double>(), 1e-12);
        Assert.Equal(0.25, summary["no_answer"]!.GetValue<double>(), 1e-12);
        Assert.Equal(written.Count(row => row["finish_reason"]!.GetValue<string>() == "length") / 8.0, summary["truncated"]!.GetValue<double>(), 1e-12);
        Assert.Equal(summary.ToJsonString(), Golden.Json(Path.Combine(folder.Path, "summary.json")).ToJsonString());
        Assert.Equal(("M", "D"), (summary["model"]!.GetValue<string>(), summary["data"]!.GetValue<string>()));
    }

    [Fact]
    public void Run_StoppedAndResumed_EqualsUninterrupted()
    {
        using RunFolder whole = Folder("whole"), parts = Folder("parts");
        Evaluator(Config).Run(whole, (_, _) => { }, default);
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => Evaluator(Config).Run(parts, (done, _) => StopAt(done, 2, stop), stop.Token));
        Assert.Equal(4, JsonLines.Read(Results(parts)).Count());
        Assert.False(File.Exists(Path.Combine(parts.Path, "summary.json")));
        Evaluator(Config).Run(parts, (_, _) => { }, default);
        Assert.Equal(File.ReadAllText(Results(whole)), File.ReadAllText(Results(parts)));
    }

    [Fact]
    public void Run_AnyBatchAndBlock_SameResponses()
    {
        using RunFolder one = Folder("one"), other = Folder("other");
        Evaluator(Config).Run(one, (_, _) => { }, default);
        Evaluator(Config with { BlockSize = 100, SamplingRows = 64 }).Run(other, (_, _) => { }, default);
        Assert.Equal(File.ReadAllText(Results(one)), File.ReadAllText(Results(other)));
    }

    [Fact]
    public void Read_AnswerOrBoxedSolution_GivesTheExpectedAnswer()
    {
        string path = _scratch.Write("q.jsonl", """
            {"question": "a", "answer": 5}
            {"problem": "b", "solution": "so \\boxed{7}", "system": "think"}
            {"prompt": "c", "answer": "x", "student_system": "own"}
            {"messages": [{"role": "system", "content": "turn"}, {"role": "user", "content": "d"}, {"role": "assistant", "content": "so \\boxed{9}"}]}
            """);
        IReadOnlyList<EvalQuestion> questions = Rlt.Evaluation.Evaluator.Read(new DataSource(path)).Rows;
        Assert.Equal(["a=5", "b=7", "c=x", "d=9"], questions.Select(question => $"{question.Task.Question}={question.Answer}"));
        Assert.Equal([null, "think", "own", "turn"], questions.Select(question => question.Task.StudentSystem));
        Assert.Equal(2, Rlt.Evaluation.Evaluator.Read(new DataSource(path) { Limit = 2 }).Rows.Count);
    }

    [Theory]
    [InlineData("""{"question": "a"}""", ":1: no 'answer', and no \\boxed{} in 'solution'; expected one of them.")]
    [InlineData("""{"question": "a", "solution": "5"}""", ":1: no 'answer', and no \\boxed{} in 'solution'; expected one of them.")]
    [InlineData("""{"answer": "a"}""", ":1: no question; expected one of 'question', 'prompt', 'problem'.")]
    [InlineData("""{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "5"}]}""", ":1: no 'answer', and no \\boxed{} in the assistant's turn; expected one of them.")]
    [InlineData("", ": no rows; expected rows with 'question' and 'answer'.")]
    public void Read_UnusableRow_SaysFileLineAndWhat(string line, string message)
    {
        string path = _scratch.Write("q.jsonl", line);
        Assert.EndsWith(path + message, Assert.Throws<DataException>(() => Rlt.Evaluation.Evaluator.Read(new DataSource(path))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_NamedColumns_AreUsed()
    {
        string path = _scratch.Write("q.csv", "ask,final,sys\nhow?,5,think\n");
        EvalQuestion question = Assert.Single(Rlt.Evaluation.Evaluator.Read(new DataSource(path) { Fields = new FieldNames { Question = "ask", Answer = "final", System = "sys" } }).Rows);
        Assert.Equal(("how?", "5", "think"), (question.Task.Question, question.Answer, question.Task.StudentSystem));
    }

    private static string Results(RunFolder folder) => Path.Combine(folder.Path, "results.jsonl");

    private static string Row(int index, int sample, bool correct, int tokens, string finish, string? extracted) => JsonLines.Line(new JsonObject
    {
        ["index"] = index, ["sample"] = sample, ["correct"] = correct, ["tokens"] = tokens, ["finish_reason"] = finish, ["extracted"] = extracted,
    });

    private static void StopAt(int done, int at, CancellationTokenSource stop)
    {
        if (done == at)
        {
            stop.Cancel();
        }
    }

    private RunFolder Folder(string name) => RunFolder.Open(_scratch[name], ConfigWriter.ToYaml(Config)).Begin();

    private Evaluator Evaluator(EvalConfig config)
    {
        var sampling = EvalSampling.Of(config, BenchmarkDefinition.Plain);
        EvalQuestion[] questions = [.. Enumerable.Range(0, 4).Select(i => new EvalQuestion(new TeachingTask($"{i}?", ""), $"{i}") { Id = $"q{i}" })];
        return new Evaluator(config, sampling, BenchmarkDefinition.Plain, questions, new EngineAnswers(config, sampling, _model));
    }
}
