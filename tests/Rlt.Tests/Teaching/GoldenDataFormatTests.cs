using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Teaching;
using Rlt.Text.Chat;

namespace Rlt.Tests.Teaching;

/// <summary>Rows of public layouts become the original's texts, character by character.</summary>
public sealed class GoldenDataFormatTests
{
    private const string Path = "data_format/lines.jsonl";

    // Where we differ on purpose, by id: the reason.
    private static readonly Dictionary<string, string> Exceptions = new()
    {
        ["public-d035"] = "a thought without blank lines: the original's teacher formatting crashes and its other texts lack the padding; here the explanation stands after the same padding as all others",
        ["public-d039"] = "no solution section: the original's teacher formatting crashes and its student learns the raw turn; here it is an error with file and line",
        ["public-d040"] = "the original joins a custom row's thought and solution without the delimiter that all other rows have",
        ["public-d041"] = "as d040",
        ["public-d042"] = "as d040",
        ["public-d043"] = "a trace without blank lines: as d035 and d040",
        ["public-d044"] = "no trace: the original learns the solution in the thought's place; here it is an error with file and line",
        ["public-d045"] = "as d044",
        ["public-d046"] = "the documented column 'question': the original reads 'prompt' only; here it works",
        ["public-d047"] = "an opening tag without its closing one: the original asserts without a message; here it is an error with file and line",
    };

    public static TheoryData<string> Ids => [.. Golden.LinesOrNone(Path).Select(row => row["id"]!.GetValue<string>())];

    [GoldenTheory(Path)]
    [MemberData(nameof(Ids))]
    public void Texts_GoldenRow_AgreeWithTheOriginals(string id)
    {
        JsonObject row = Golden.Lines(Golden.Find(Path)).First(line => line["id"]!.GetValue<string>() == id);
        if (Exceptions.ContainsKey(id))
        {
            AssertException(id, row);
            return;
        }

        // d037's question holds the original's own separator: it cannot split its prompt off, but its texts are as always.
        Assert.Equal(id == "public-d037", row["teacher"] is null);
        TeachingTask task = Task(row);
        SpannedText example = Format().TeacherExample(task);
        Assert.Equal(Text(row, "teacher_sft_only"), example.Text);
        Assert.Equal(Text(row, "student_sft"), Student(task).Text);
        if (row["teacher"] is { } teacher)
        {
            Assert.Equal(teacher["prompt"]!.GetValue<string>(), Format().TeacherPrompt(task));
            Assert.Equal(teacher["text"]!.GetValue<string>(), example.Text);
            Assert.Equal(teacher["questions"]!.GetValue<string>(), task.Question);
            Assert.Equal(teacher["solutions_content"]!.GetValue<string>(), task.Solution);
            Assert.Equal(teacher["prompt"]!.GetValue<string>().Length, example.Explanation.Start);
        }
    }

    [GoldenFact(Path)]
    public void Exceptions_AreRowsOfTheFile() => Assert.Empty(Exceptions.Keys.Except(Golden.Lines(Golden.Find(Path)).Select(row => row["id"]!.GetValue<string>())));

    [GoldenFact("data_format/mask_delimiters.json")]
    public void TeacherPrompt_Any_EndsWithTheOriginalsMaskDelimiter()
    {
        var format = new TeachingFormat(GoldenFormat.Stratos, Chat(), Chat());
        string prompt = format.TeacherPrompt(new TeachingTask("q", "s"));
        Assert.All(
            JsonNode.Parse(File.ReadAllText(Golden.Find("data_format/mask_delimiters.json")))!.AsArray(),
            delimiter => Assert.EndsWith(delimiter!["delimiter"]!.GetValue<string>(), prompt, StringComparison.Ordinal));
    }

    private static void AssertException(string id, JsonObject row)
    {
        const string Joined = "<|end_of_thought|><|begin_of_solution|>";
        const string Delimited = "<|end_of_thought|>\n\n<|begin_of_solution|>";
        switch (id)
        {
            case "public-d040" or "public-d041" or "public-d042":
                TeachingTask custom = Task(row);
                Assert.Equal(row["teacher"]!["prompt"]!.GetValue<string>(), Format().TeacherPrompt(custom));
                Assert.Equal(Text(row, "teacher_sft_only"), Format().TeacherExample(custom).Text);
                Assert.Contains(Joined, Text(row, "student_sft"), StringComparison.Ordinal);
                Assert.Equal(Text(row, "student_sft").Replace(Joined, Delimited, StringComparison.Ordinal), Student(custom).Text);
                break;
            case "public-d035" or "public-d043":
                TeachingTask bare = Task(row);
                Assert.Equal(PaddedAfterLast("<|begin_of_explanation|>", Text(row, "teacher_sft_only")), Format().TeacherExample(bare).Text);
                Assert.Equal(PaddedAfterLast("<|begin_of_thought|>", Text(row, "student_sft")).Replace(Joined, Delimited, StringComparison.Ordinal), Student(bare).Text);
                break;
            case "public-d046":
                Assert.Equal("\n\nSubtract $18$", Task(row, padded: true).Explanation![..15]);
                break;
            case "public-d045":
                Assert.Equal(row["teacher"]!["prompt"]!.GetValue<string>(), Format().TeacherPrompt(Task(row, needsExplanation: false)));
                AssertRefused(row, "no explanation to learn from; expected 'explanation' or 'reasoning_trace', or a thought section in 'conversations'. Rows of question and solution are for train-teacher.");
                break;
            case "public-d044":
                AssertRefused(row, "no explanation to learn from; expected 'explanation' or 'reasoning_trace', or a thought section in 'conversations'. Rows of question and solution are for train-teacher.");
                break;
            case "public-d039":
                AssertRefused(row, "the assistant's turn has no <|begin_of_solution|> … <|end_of_solution|>; is another format file needed?");
                break;
            default:
                Assert.Equal("public-d047", id);
                AssertRefused(row, "'solution' has <|begin_of_solution|> without <|end_of_solution|>; expected both tags or none.");
                break;
        }
    }

    // The system prompts name the tags too; the last one opens the section.
    private static string PaddedAfterLast(string tag, string text) => text.Insert(text.LastIndexOf(tag, StringComparison.Ordinal) + tag.Length, "\n\n");

    private static void AssertRefused(JsonObject row, string message) =>
        Assert.Equal($"rows.jsonl:3: {message}", Assert.Throws<DataException>(() => Task(row)).Message);

    // The system prompts are the original's; ours are of our own wording.
    private static TeachingTask Task(JsonObject row, bool needsExplanation = true, bool padded = false)
    {
        var line = new JsonRow("rows.jsonl", 3, row["line"]!.DeepClone().AsObject());
        TeachingTask task = TeachingRows.Task(line, GoldenFormat.Stratos with { PadPlainText = padded }, needsExplanation);
        return task with { TeacherSystem = SystemOf(row, "teacher_sft_only"), StudentSystem = SystemOf(row, "student_sft") };
    }

    private static string? SystemOf(JsonObject row, string key)
    {
        const string Open = "<|im_start|>system\n";
        return row[key] is null ? null : Text(row, key)[Open.Length..Text(row, key).IndexOf("<|im_end|>", StringComparison.Ordinal)];
    }

    private static string Text(JsonObject row, string key) => row[key]!["text"]!.GetValue<string>();

    private static SpannedText Student(TeachingTask task) => Format().StudentText(task, Format().WithoutPadding(task.Explanation!));

    private static TeachingFormat Format() => new(GoldenFormat.Stratos, Chat(), Chat());

    private static ChatRenderer Chat() => new(ChatTemplate.TryLoad(Golden.Find("models/qwen2_teacher"))!);
}
