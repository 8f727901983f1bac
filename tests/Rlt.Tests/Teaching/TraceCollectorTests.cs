using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Generation;
using Rlt.Models;
using Rlt.Runs;
using Rlt.Teaching;
using Rlt.Teaching.Collection;
using Rlt.Teaching.Rewards;
using Rlt.Tests.Data;
using Rlt.Text.Chat;

namespace Rlt.Tests.Teaching;

public sealed class TraceCollectorTests : IDisposable
{
    // A closing tag that random text has now and then.
    private static readonly PromptFormat Format = TinyDirectory.Format with { ExplanationClose = "e" };

    private readonly ScratchDirectory _scratch = new();
    private readonly LanguageModel _teacher;
    private readonly LanguageModel _student;
    private readonly TeachingFormat _format;

    public TraceCollectorTests()
    {
        _teacher = LanguageModel.Load(TinyDirectory.Write(_scratch["teacher"]), TinyDirectory.Device);
        _student = LanguageModel.Load(TinyDirectory.Write(_scratch["student"], seed: 2), TinyDirectory.Device);
        var chat = new ChatRenderer(ChatTemplate.TryLoad(_scratch["teacher"])!);
        _format = new TeachingFormat(Format, chat, chat);
    }

    private static CollectConfig Config => new()
    {
        Model = "unused", Data = "unused", Out = "unused", Format = "unused", Samples = 3, Keep = TraceChoice.All, Temperature = 1, MaxNewTokens = 2, SamplingRows = 7, BlockSize = 2,
    };

    public void Dispose()
    {
        _teacher.Dispose();
        _student.Dispose();
        _scratch.Dispose();
    }

    [Fact]
    public void Run_All_KeepsWhatHasItsClosingTagAndNamesTheRest()
    {
        JsonObject[] rows = Collect("all", Config, scored: true);
        Assert.Equal(Enumerable.Range(0, 6), rows.Select(row => row["index"]!.GetValue<int>()).Distinct());
        JsonObject[] kept = [.. rows.Where(row => !row.ContainsKey("dropped"))];
        Assert.NotEmpty(kept);
        Assert.Contains(rows, row => row.ContainsKey("dropped"));
        Assert.All(kept, row =>
        {
            Assert.StartsWith("\n", row["explanation"]!.GetValue<string>(), StringComparison.Ordinal);
            Assert.DoesNotContain("e", row["explanation"]!.GetValue<string>(), StringComparison.Ordinal);
            Assert.InRange(row["explanation_tokens"]!.GetValue<int>(), 1, 2);
            Assert.True(row.ContainsKey("reward") && row.ContainsKey("solution_score") && row.ContainsKey("think_kl"));
            Assert.Equal($"extra {row["index"]}", row["extra"]!.GetValue<string>());
        });
        Assert.All(rows.Where(row => row.ContainsKey("dropped")), row =>
        {
            Assert.Equal("no explanation that has its closing tag and is not empty", row["dropped"]!.GetValue<string>());
            Assert.False(row.ContainsKey("explanation"));
        });
    }

    [Fact]
    public void Run_FirstAndBest_ChooseAmongAll()
    {
        ILookup<int, JsonObject> all = Collect("all", Config, scored: true).ToLookup(row => row["index"]!.GetValue<int>());
        JsonObject[] first = Collect("first", Config with { Keep = TraceChoice.First }, scored: true);
        JsonObject[] best = Collect("best", Config with { Keep = TraceChoice.Best }, scored: true);
        Assert.Equal(6, first.Length);
        Assert.Equal(6, best.Length);
        Assert.Contains(all, group => group.Count() > 1);
        foreach (IGrouping<int, JsonObject> group in all.Where(group => !group.First().ContainsKey("dropped")))
        {
            Assert.Equal(group.First().ToJsonString(), first[group.Key].ToJsonString());
            Assert.Equal(group.MaxBy(row => row["reward"]!.GetValue<double>())!.ToJsonString(), best[group.Key].ToJsonString());
        }
    }

    [Theory]
    [InlineData(TraceMeasure.Likelihood)]
    [InlineData(TraceMeasure.Surprise)]
    [InlineData(TraceMeasure.Length)]
    public void Run_BestByAnother_IsTheFirstOfItsRanks(TraceMeasure by)
    {
        // Windows of one token: the surprise is that of the least likely one.
        CollectConfig config = Config with { Samples = 8, MaxNewTokens = 4, SurpriseWindow = 1 };
        Collect("all", config, scored: true);
        JsonObject[] best = Collect("best", config with { Keep = TraceChoice.Best, BestBy = by }, scored: by != TraceMeasure.Length);
        JsonObject[] ranked = [.. TraceRanks.Of(JsonLines.Read(Traces("all")), by, complete: false)[0]];
        Assert.Equal(Shown(ranked), Shown(best.Where(row => !row.ContainsKey("dropped"))));
        Assert.NotEqual(Shown(Collect("first", config, scored: false)), Shown(best));
        Assert.All(ranked, row => Assert.True((double)row["surprise"]! >= -(double)row["likelihood"]! - 1e-9));

        static IEnumerable<string> Shown(IEnumerable<JsonObject> rows) => rows.Select(row => $"{row["index"]} {row["explanation"]}");
    }

    [Fact]
    public void Run_ClosedButEmptyExplanations_AreCountedAndLeftOut()
    {
        // The tag is what the teacher's likeliest token says, so every explanation ends where it begins.
        TeachingTask task = new("0 + 1?", "1");
        var greedy = new SamplingOptions { Temperature = 0, MaxNewTokens = 1 };
        string tag = new Explainer(_teacher, _format, greedy).Explain([task], [[1]])[0].Text;
        var chat = new ChatRenderer(ChatTemplate.TryLoad(_scratch["teacher"])!);
        var format = new TeachingFormat(Format with { ExplanationClose = tag }, chat, chat);
        JsonObject? metrics = null;
        using RunFolder folder = RunFolder.Open(_scratch["traces"], "config").Begin();
        CollectConfig config = Config with { Temperature = 0 };
        new TraceCollector(config, TraceCollector.Engine(config, _teacher, format), null, [task], format).Run(new BlockRows(folder, TraceCollector.FileName), (_, block) => metrics = block, default);
        Assert.Equal((1.0, 0, 1, 0.0), (Value("empty"), (int)Value("traces"), (int)Value("dropped"), Value("truncated")));
        Assert.True(Assert.Single(JsonLines.Read(Traces("traces"))).Has("dropped"));

        double Value(string key) => double.Parse(metrics![key]!.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public void Run_WithoutStudent_HasNoReward() => Assert.DoesNotContain(Collect("a", Config), row => row.ContainsKey("reward"));

    [Fact]
    public void Run_StoppedAndResumed_EqualsUninterrupted()
    {
        Collect("whole", Config);
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => Run("parts", Config, false, (done, _) => stop.Cancel(), stop.Token));
        string path = Traces("parts");
        Assert.Equal(1, JsonLines.Read(path).Max(row => row.Fields["index"]!.GetValue<int>()));
        File.AppendAllText(path, "{\"question\":\"whole row of a block that was cut off\",\"index\":2}\n{\"question\":\"cut of");
        Collect("parts", Config);
        Assert.Equal(File.ReadAllText(Traces("whole")), File.ReadAllText(path));
        Assert.Equal(File.ReadAllText(_scratch["whole/metrics.jsonl"]), File.ReadAllText(_scratch["parts/metrics.jsonl"]));
    }

    [Fact]
    public void Run_FinishedRun_IsLeftAsItIs()
    {
        Collect("a", Config);
        string traces = File.ReadAllText(Traces("a"));
        Run("a", Config, false, (_, _) => Assert.Fail("a block was done again"), default);
        Assert.Equal(traces, File.ReadAllText(Traces("a")));
    }

    [Fact]
    public void Run_TracesShorterThanWritten_AreRefused()
    {
        Collect("a", Config);
        string traces = File.ReadAllText(Traces("a"));
        File.WriteAllText(Traces("a"), traces[..^1]);
        Assert.Equal(
            $"{Traces("a")}: the file has {traces.Length - 1} bytes, of the {traces.Length} that {_scratch["a/metrics.jsonl"]} says were written. It was changed or cut: choose another --out.",
            Assert.Throws<DataException>(() => Collect("a", Config)).Message);
    }

    [Fact]
    public void Run_AnyBatchAndBlock_SameTraces()
    {
        Collect("a", Config);
        Collect("b", Config with { SamplingRows = 1, BlockSize = 100 });
        Assert.Equal(File.ReadAllText(Traces("a")), File.ReadAllText(Traces("b")));
    }

    [Fact]
    public void Run_RowsOfConversations_TracesTeachTheCollectedExplanation()
    {
        const string Line = """{"system": "think", "conversations": [{"from": "user", "value": "q"}, {"from": "assistant", "value": "<t>\nold</t>\n<s>5</s>"}]}""";
        IReadOnlyList<TeachingTask> tasks = TeachingRows.Read(new DataSource(_scratch.Write("rows.jsonl", Line)), Format, needsExplanation: false).Rows;
        Run("traces", Config with { Samples = 30, Keep = TraceChoice.First }, null, tasks, (_, _) => { }, default);
        TeachingTask trace = Assert.Single(TeachingRows.Read(new DataSource(Traces("traces")), Format, needsExplanation: true).Rows);
        Assert.Equal(("q", "5", "think"), (trace.Question, trace.Solution, trace.StudentSystem));
        Assert.NotEqual("\nold", trace.Explanation);
        Assert.Equal(Assert.Single(JsonLines.Read(Traces("traces"))).Text("explanation"), trace.Explanation);
    }

    [Fact]
    public void Run_RowsWithPrompts_TracesKeepTheTeachersPromptRendered()
    {
        IReadOnlyList<TeachingTask> tasks = TeachingRows.Read(new DataSource(_scratch.Write("rows.jsonl", """{"prompt": "q", "solution": "5", "reasoning_trace": "old"}""")), Format, needsExplanation: false).Rows;
        Run("traces", Config with { Samples = 30, Keep = TraceChoice.First }, null, tasks, (_, _) => { }, default);
        TeachingTask trace = Assert.Single(TeachingRows.Read(new DataSource(Traces("traces")), Format, needsExplanation: true).Rows);
        Assert.Equal(_format.TeacherPrompt(tasks[0]), _format.TeacherPrompt(trace));
        Assert.NotEqual("old", trace.Explanation);
    }

    private JsonObject[] Collect(string name, CollectConfig config, bool scored = false)
    {
        Run(name, config, scored, (_, _) => { }, default);
        return [.. JsonLines.Read(Traces(name)).Select(row => row.Fields)];
    }

    private void Run(string name, CollectConfig config, bool scored, Action<int, JsonObject> progress, CancellationToken stop)
    {
        TeachingTask[] tasks = [.. Enumerable.Range(0, 6).Select(i => new TeachingTask($"{i} + 1?", $"{i + 1}") { Row = new JsonObject { ["extra"] = $"extra {i}" } })];
        Run(name, config, scored ? _student : null, tasks, progress, stop);
    }

    private void Run(string name, CollectConfig config, LanguageModel? student, IReadOnlyList<TeachingTask> tasks, Action<int, JsonObject> progress, CancellationToken stop)
    {
        using RunFolder folder = RunFolder.Open(_scratch[name], "config").Begin();
        var collector = new TraceCollector(
            config, TraceCollector.Engine(config, _teacher, _format), TraceCollector.Scorer(config, _teacher, student, _format), tasks, _format);
        collector.Run(new BlockRows(folder, TraceCollector.FileName), progress, stop);
    }

    private string Traces(string name) => Path.Combine(_scratch[name], TraceCollector.FileName);
}
