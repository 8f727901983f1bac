using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Teaching;
using Rlt.Teaching.Rewards;
using Rlt.Tests.Text.Tokenization;
using Rlt.Text.Chat;
using Rlt.Text.Tokenization;

namespace Rlt.Tests.Teaching;

/// <summary>Texts, tokens and spans against the original's, with Qwen3's published tokenizer and Qwen2.5's chat template.</summary>
public sealed class GoldenRewardSpanTests
{
    private const string SpansPath = "rewards/spans_real_qwen_tokenizer.jsonl";

    // Where the original's spans are not the method's, by id, with what is done instead.
    private static readonly Dictionary<string, string> Exceptions = new()
    {
        ["public-q008"] = "empty explanation: the original writes the thought's tags without their padding; here the padding stays and no token counts",
        ["public-q009"] = "as q008, without closing tag",
        ["public-q010"] = "explanation of newlines: the original takes it for empty; here they are one token with the padding, and what crosses the edge does not count",
        ["public-q011"] = "explanation of spaces: the original takes it for empty; here the token counts that is not one with the closing tag",
        ["public-q017"] = "trailing spaces: the original's search loses the last space token; here it lies inside the span by its offsets",
        ["public-q033"] = "empty solution: the original's span is empty; here it is an error of the case",
        ["public-q041"] = "a solution without padding, whose first character is one token with the tag: the original's search gives up a further token, here that one counts",
        ["public-q048"] = "the explanation repeats the question: the original finds the student's span in the question; here it is the thought's own",
        ["public-q052"] = "the last character is one token with the tag: the original cuts more than it off the explanation that the student reads, and its two spans are of different tokens; here the text stays and the spans are of the same tokens",
        ["public-q053"] = "as q052",
        ["public-q054"] = "as q052",
    };

    private static readonly Lazy<Tokenizer> _tokenizer = new(() => Tokenizer.Load(RealTokenizers.Find("qwen3")!));

    public static TheoryData<string> Formatted => [.. FormattedIds];

    private static IEnumerable<string> FormattedIds => Golden.LinesOrNone(SpansPath).Where(row => row["stage_failed"] is null).Select(row => row["id"]!.GetValue<string>());

    [RealSpansTheory]
    [MemberData(nameof(Formatted))]
    public void Build_RealTokenizer_SpansAgree(string id)
    {
        JsonObject row = Golden.Lines(Golden.Find(SpansPath)).Single(line => line["id"]!.GetValue<string>() == id);
        var chat = new ChatRenderer(ChatTemplate.Parse(Golden.Json(Golden.Find("chat_templates/templates.json"))["Qwen2.5"]!.GetValue<string>(), "Qwen2.5"));
        var format = new TeachingFormat(GoldenFormat.Stratos, chat, chat);
        TeachingTask task = Task(row);
        Assert.Equal(row["teacher_prompt"]!.GetValue<string>(), format.TeacherPrompt(task));
        string completion = row["completion"]!.GetValue<string>();
        if (id == "public-q033")
        {
            Assert.StartsWith(
                "the solution is empty",
                Assert.Throws<DataException>(() => TeachingCase.Build(format, task, completion, _tokenizer.Value, _tokenizer.Value)).Message,
                StringComparison.Ordinal);
            return;
        }

        TeachingCase built = TeachingCase.Build(format, task, completion, _tokenizer.Value, _tokenizer.Value);
        Assert.Equal(Marked(built.Teacher, built.Teacher.Explanation).Select(token => token.Id), Marked(built.Student, built.Student.Explanation).Select(token => token.Id));
        if (Exceptions.ContainsKey(id))
        {
            AssertException(id, row, built);
            return;
        }

        Assert.Equal(row["student_chat"]!.GetValue<string>(), format.StudentText(task, format.Explanation(completion).Explanation).Text);
        Assert.Equal(Span(row, "teacher_token_ids", "teacher_thought_span"), Marked(built.Teacher, built.Teacher.Explanation));
        Assert.Equal(Span(row, "student_token_ids", "student_thought_span"), Marked(built.Student, built.Student.Explanation));
        Assert.Equal(Span(row, "student_token_ids", "student_solution_span"), Marked(built.Student, built.Student.Solution));
    }

    [GoldenFact(SpansPath)]
    public void Exceptions_AreRowsOfTheFile() => Assert.Empty(Exceptions.Keys.Except(FormattedIds));

    private static void AssertException(string id, JsonObject row, TeachingCase built)
    {
        (int Index, int Id)[] explanation = Marked(built.Student, built.Student.Explanation);
        (int Index, int Id)[] solution = Marked(built.Student, built.Student.Solution);
        switch (id)
        {
            case "public-q008" or "public-q009" or "public-q010":
                Assert.Empty(explanation);
                break;
            case "public-q011":
                Assert.Equal("  ", Text(explanation));
                break;
            case "public-q017":
                Assert.Equal(Span(row, "student_token_ids", "student_thought_span"), explanation[..^1]);
                Assert.Equal(" ", Text(explanation[^1..])[..1]);
                break;
            case "public-q041":
                Assert.Equal(Span(row, "student_token_ids", "student_solution_span"), solution[1..]);
                Assert.Equal("[", Text(solution[..1]));
                break;
            case "public-q048":
                Assert.Equal(Span(row, "teacher_token_ids", "teacher_thought_span"), Marked(built.Teacher, built.Teacher.Explanation));
                Assert.True(explanation[0].Index > Span(row, "student_token_ids", "student_thought_span")[^1].Index);
                break;
            default:
                Assert.False(row["thought_span_tokens_equal"]!.GetValue<bool>());
                string text = row["completion"]!.GetValue<string>();
                Assert.Equal(text[..(text.IndexOf(GoldenFormat.Stratos.ExplanationClose, StringComparison.Ordinal) - 1)], Text(explanation));
                break;
        }
    }

    private static string Text((int Index, int Id)[] tokens) => _tokenizer.Value.Decode([.. tokens.Select(token => token.Id)]);

    private static TeachingTask Task(JsonObject row)
    {
        var line = new JsonRow("rows.jsonl", 1, row["line"]!.DeepClone().AsObject());
        return TeachingRows.Task(line, GoldenFormat.Stratos, needsExplanation: false) with { TeacherSystem = SystemOf(row, "teacher_prompt"), StudentSystem = SystemOf(row, "student_chat") };
    }

    private static string SystemOf(JsonObject row, string key)
    {
        const string Open = "<|im_start|>system\n";
        string text = row[key]!.GetValue<string>();
        return text[Open.Length..text.IndexOf("<|im_end|>", StringComparison.Ordinal)];
    }

    // Each token of a span with its place: the same word twice is not the same span.
    private static (int Index, int Id)[] Span(JsonObject row, string ids, string span)
    {
        int[] tokens = [.. row[ids]!.AsArray().Select(node => node!.GetValue<int>())];
        int[] ends = [.. row[span]!.AsArray().Select(node => node!.GetValue<int>() + tokens.Length)];
        return [.. Enumerable.Range(ends[0], ends[1] - ends[0]).Select(i => (i, tokens[i]))];
    }

    private static (int Index, int Id)[] Marked(SpannedTokens view, IReadOnlyList<SpanToken> part) =>
        [.. part.Select(token => (token.Index, view.Sequence.Ids[token.Index]))];
}

/// <summary>A test of golden spans with Qwen3's published tokenizer; skipped, by name, where either is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RealSpansTheoryAttribute : TheoryAttribute
{
    public RealSpansTheoryAttribute() => Skip =
        RealTokenizers.Find("qwen3") is null ? "the tokenizer qwen3 is not on this machine; run scripts/fetch-tokenizers.sh"
        : !Path.Exists(Golden.Find("rewards/spans_real_qwen_tokenizer.jsonl")) ? "golden/rewards/spans_real_qwen_tokenizer.jsonl is not on this machine"
        : null;
}
