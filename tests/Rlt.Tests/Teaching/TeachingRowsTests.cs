using Rlt.Data;
using Rlt.Teaching;
using Rlt.Tests.Data;

namespace Rlt.Tests.Teaching;

public sealed class TeachingRowsTests : IDisposable
{
    private static readonly PromptFormat Padded = GoldenFormat.Stratos with { PadPlainText = true };
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("""{"question": "q", "solution": "s", "explanation": "e"}""")]
    [InlineData("""{"prompt": "q", "solution": "s", "reasoning_trace": "e"}""")]
    [InlineData("""{"problem": "q", "solution": "\n\ns\n\n", "explanation": "\n\ne\n\n"}""")]
    [InlineData("""{"question": "q", "solution": "<|begin_of_solution|>\n\ns\n\n<|end_of_solution|>", "explanation": "<|begin_of_explanation|>\n\ne\n\n<|end_of_explanation|>"}""")]
    [InlineData("""{"question": "q", "solution": " s\n", "explanation": "<|begin_of_thought|>\n\ne\n\n<|end_of_thought|>"}""")]
    [InlineData("""{"conversations": [{"from": "user", "value": "q"}, {"from": "assistant", "value": "<|begin_of_thought|>\n\ne\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n\ns\n\n<|end_of_solution|>"}]}""")]
    [InlineData("""{"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "<|begin_of_thought|>\n\ne\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n\ns\n\n<|end_of_solution|>"}]}""")]
    [InlineData("""{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "<|begin_of_thought|>\n\ne\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n\ns\n\n<|end_of_solution|>"}]}""")]
    [InlineData("""{"conversations": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "<|begin_of_thought|>\n\ne\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n\ns\n\n<|end_of_solution|>"}]}""")]
    public void Read_AnyLayout_GivesTheSameTask(string line)
    {
        TeachingTask task = Assert.Single(Read(line));
        Assert.Equal(("q", "\n\ns\n\n", "\n\ne\n\n"), (task.Question, task.Solution, task.Explanation));
    }

    [Theory]
    [InlineData("""[{"role": "user", "content": "q"}, {"role": "assistant", "content": "SAID"}]""")]
    [InlineData("""[{"role": "system", "content": "y"}, {"role": "user", "content": [{"type": "text", "text": "q"}]}, {"role": "assistant", "content": [{"type": "text", "text": "SAID"}]}]""")]
    [InlineData("""[{"role": "user", "content": "q"}, {"role": "assistant", "content": "SOLVED", "reasoning_content": "e"}]""")]
    [InlineData("""[{"role": "user", "content": "q"}, {"role": "assistant", "content": [{"type": "thinking", "thinking": "e"}, {"type": "text", "text": "SOLVED"}]}]""")]
    [InlineData("""[{"role": "user", "content": "q"}, {"role": "assistant", "content": "SAID"}, {"role": "tool", "content": "9"}, {"role": "assistant", "content": "later"}]""")]
    public void Read_TurnsInParts_AreTheSameTask(string turns)
    {
        const string Solved = @"<|begin_of_solution|>\n\ns\n\n<|end_of_solution|>", Said = @"<|begin_of_thought|>\n\ne\n\n<|end_of_thought|>\n\n" + Solved;
        string row = $$"""{"messages": {{turns.Replace("SAID", Said, StringComparison.Ordinal).Replace("SOLVED", Solved, StringComparison.Ordinal)}}}""";
        TeachingTask task = Assert.Single(Read(row));
        Assert.Equal(("q", "\n\ns\n\n", "\n\ne\n\n"), (task.Question, task.Solution, task.Explanation));
    }

    [Theory]
    [InlineData("""{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "wait", "tool_calls": [{"type": "function"}]}, {"role": "tool", "content": "9"}, {"role": "assistant", "content": "s"}]}""", "turn 2 of 'messages' calls a tool")]
    [InlineData("""{"messages": [{"role": "user", "content": "q"}, {"role": "tool", "content": "9"}, {"role": "assistant", "content": "s"}]}""", "turn 2 of 'messages' is from 'tool'")]
    [InlineData("""{"messages": [{"role": "user", "content": "q"}, {"role": "user", "content": "and r"}, {"role": "assistant", "content": "s"}]}""", "turn 2 of 'messages' is from 'user'")]
    [InlineData("""{"conversations": [{"from": "human", "value": "q"}, {"from": "function_call", "value": "f"}, {"from": "observation", "value": "9"}, {"from": "gpt", "value": "s"}]}""", "turn 2 of 'conversations' is from 'function_call'")]
    public void Read_OtherTurnsBeforeTheAnswer_IsRefused(string row, string fault) =>
        Assert.Contains($":1: {fault}, so the assistant's later answer is not to the question alone;", Assert.Throws<DataException>(() => Read(row)).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_ResultsOfAnEvaluation_TheRightOnesInTheirFormAreExamples()
    {
        const string Said = "<|begin_of_thought|>\\n\\ne\\n\\n<|end_of_thought|>\\n\\n<|begin_of_solution|>\\n\\ns\\n\\n<|end_of_solution|>";
        string opened = Said["<|begin_of_thought|>".Length..];
        string[] rows = [.. new[] { (Said, "true"), (Said, "false"), (opened, "true"), ("s", "true") }
            .Select(row => $$"""{"question": "bare", "prompt": "q", "system": "y", "response": "{{row.Item1}}", "correct": {{row.Item2}}, "answer": "5"}""")];
        IReadOnlyList<TeachingTask> tasks = Read(string.Join('\n', rows));
        Assert.Equal(2, tasks.Count);
        Assert.All(tasks, task => Assert.Equal(("q", "\n\ns\n\n", "\n\ne\n\n", "y", "5"), (task.Question, task.Solution, task.Explanation, task.StudentSystem, task.Answer)));
    }

    [Fact]
    public void Read_PaddingOff_TextsStandAsTheyAre()
    {
        string path = _scratch.Write("rows.jsonl", """{"question": "q", "solution": " s ", "explanation": "e"}""");
        TeachingTask task = TeachingRows.Read(new DataSource(path), GoldenFormat.Stratos, needsExplanation: true).Rows[0];
        Assert.Equal((" s ", "e"), (task.Solution, task.Explanation));
    }

    [Fact]
    public void Read_OptionalFields_AreKept()
    {
        TeachingTask task = Read("""{"question": "q", "solution": "s", "answer": 5, "teacher_system": "t", "student_system": "u", "prompt": "rendered", "id": 1}""", needsExplanation: false)[0];
        Assert.Equal(("5", "t", "u", "rendered"), (task.Answer, task.TeacherSystem, task.StudentSystem, task.TeacherPrompt));
        Assert.Equal(1, task.Row["id"]!.GetValue<int>());
        Assert.Null(task.Explanation);
    }

    [Fact]
    public void Read_PromptThatIsTheQuestion_IsNoRenderedPrompt() => Assert.Null(Read("""{"prompt": "q", "question": "q", "solution": "s"}""", needsExplanation: false)[0].TeacherPrompt);

    [Fact]
    public void Read_ConversationWithSystem_IsTheStudents()
    {
        TeachingTask task = Read("""{"system": "think", "conversations": [{"from": "user", "value": "q"}, {"from": "assistant", "value": "<|begin_of_solution|>s<|end_of_solution|>"}]}""", needsExplanation: false)[0];
        Assert.Equal(("think", null, "s"), (task.StudentSystem, task.TeacherSystem, task.Solution));
    }

    [Fact]
    public void Read_SystemOfColumnsOrTurns_IsTheStudents()
    {
        const string Turns = """[{"role": "system", "content": "turn"}, {"role": "user", "content": "q"}, {"role": "assistant", "content": "<|begin_of_solution|>s<|end_of_solution|>"}]""";
        string[] lines =
        [
            """{"question": "q", "solution": "s", "system": "column"}""",
            """{"question": "q", "solution": "s", "system": "column", "student_system": "own"}""",
            $$"""{"messages": {{Turns}}}""",
            $$"""{"messages": {{Turns}}, "system": "column"}""",
        ];
        Assert.Equal(["column", "own", "turn", "column"], Read(string.Join('\n', lines), needsExplanation: false).Select(task => task.StudentSystem));
    }

    [Fact]
    public void Read_NamedColumns_AreUsed()
    {
        var fields = new FieldNames { Question = "ask", Solution = "answer_text", Explanation = "cot", Answer = "final", System = "sys" };
        TeachingTask task = Mapped(fields, """{"ask": "q", "answer_text": "s", "cot": "e", "final": 7, "sys": "think", "question": "other", "solution": "other", "explanation": "other", "answer": "8", "system": "other", "prompt": "other"}""");
        Assert.Equal(("q", "\n\ns\n\n", "\n\ne\n\n", "7", "think", null), (task.Question, task.Solution, task.Explanation, task.Answer, task.StudentSystem, task.TeacherPrompt));
    }

    [Fact]
    public void Read_NamedQuestionBesideAConversation_TakesTheColumns() => Assert.Equal(
        ("q", "\n\ns\n\n"),
        Mapped(new FieldNames { Question = "ask" }, """{"ask": "q", "solution": "s", "explanation": "e", "conversations": []}""") is var task ? (task.Question, task.Solution) : default);

    [Fact]
    public void Read_NamedColumnsBesideTurns_TakeTheirPartsAlone()
    {
        const string Turns = """[{"from": "user", "value": "q"}, {"from": "gpt", "value": "<|begin_of_thought|>t<|end_of_thought|><|begin_of_solution|>s<|end_of_solution|>"}]""";
        string line = $$"""{"conversations": {{Turns}}, "cot": "e", "sol": "other"}""";
        TeachingTask explained = Mapped(new FieldNames { Explanation = "cot" }, line), solved = Mapped(new FieldNames { Solution = "sol" }, line);
        Assert.Equal(("q", "s", "\n\ne\n\n"), (explained.Question, explained.Solution, explained.Explanation));
        Assert.Equal(("q", "\n\nother\n\n", "t"), (solved.Question, solved.Solution, solved.Explanation));
    }

    [Theory]
    [InlineData("""{"ask": 5, "solution": "s", "cot": "e"}""", "'ask' is 5; expected a text.")]
    [InlineData("""{"ask": null, "question": "q", "solution": "s", "cot": "e"}""", "'ask' is missing; expected a text.")]
    [InlineData("""{"ask": "q", "solution": "s", "cot": null}""", "no explanation to learn from; expected one in 'cot'. Rows of question and solution are for train-teacher.")]
    public void Read_UnusableNamedColumn_NamesTheColumn(string line, string message)
    {
        var error = Assert.Throws<DataException>(() => Mapped(new FieldNames { Question = "ask", Explanation = "cot" }, line));
        Assert.EndsWith($"rows.jsonl:1: {message}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_CollectedTraceOfAConversation_HasTheCollectedExplanation()
    {
        TeachingTask task = Read("""
            {"conversations": [{"from": "user", "value": "q"}, {"from": "assistant", "value": "<|begin_of_thought|>old<|end_of_thought|><|begin_of_solution|>s<|end_of_solution|>"}], "question": "q", "solution": "\n\ns\n\n", "explanation": "\n\nnew\n\n", "student_system": "think"}
            """.Trim())[0];
        Assert.Equal(("\n\nnew\n\n", "think"), (task.Explanation, task.StudentSystem));
    }

    [Fact]
    public void Read_Limit_TakesTheFirstRows() => Assert.Equal(2, TeachingRows.Read(new DataSource(_scratch.Write("rows.jsonl", string.Concat(Enumerable.Repeat("{\"question\":\"q\",\"solution\":\"s\"}\n", 5)))) { Limit = 2 }, Padded, false).Rows.Count);

    [Fact]
    public void Read_DroppedRows_ArePassedOver() =>
        Assert.Single(Read("{\"question\":\"q\",\"solution\":\"s\",\"dropped\":\"no tag\"}\n{\"question\":\"q\",\"solution\":\"s\",\"explanation\":\"e\"}"));

    [Theory]
    [InlineData("""{"solution": "s", "explanation": "e"}""", "no question; expected one of 'question', 'prompt', 'problem'.")]
    [InlineData("""{"question": "q", "explanation": "e"}""", "'solution' is missing; expected a text.")]
    [InlineData("""{"question": "q", "solution": true, "explanation": "e"}""", "'solution' is true; expected a text.")]
    [InlineData("""{"question": 5, "solution": "s", "explanation": "e"}""", "'question' is 5; expected a text.")]
    [InlineData("""{"question": "q", "solution": "s"}""", "no explanation to learn from; expected 'explanation' or 'reasoning_trace', or a thought section in 'conversations'. Rows of question and solution are for train-teacher.")]
    [InlineData("""{"question": "q", "solution": "s<|end_of_solution|>", "explanation": "e"}""", "'solution' has <|end_of_solution|> without <|begin_of_solution|>; expected both tags or none.")]
    [InlineData("""{"question": "q", "solution": "<|end_of_solution|>s<|begin_of_solution|>", "explanation": "e"}""", "'solution' closes <|end_of_solution|> before it opens <|begin_of_solution|>.")]
    [InlineData("""{"question": "q", "solution": "s", "explanation": "<|begin_of_thought|>e"}""", "'explanation' has <|begin_of_thought|> without <|end_of_thought|>; expected both tags or none.")]
    [InlineData("""{"question": " ", "solution": "s", "explanation": "e"}""", "the question is empty.")]
    [InlineData("""{"question": "q", "solution": "", "explanation": "e"}""", "the solution is empty.")]
    [InlineData("""{"question": "q", "solution": "s", "reasoning_trace": "e<|end_of_thought|>"}""", "'reasoning_trace' has <|end_of_thought|> without <|begin_of_thought|>; expected both tags or none.")]
    [InlineData("""{"messages": [{"role": "user", "content": "q"}]}""", """'messages' has no turn from assistant or gpt; expected a list of {"role", "content"}.""")]
    [InlineData("""{"messages": {}}""", """'messages' is no list; expected a list of {"role", "content"}.""")]
    [InlineData("not json", "the line is not usable JSON: 'not json' is an invalid JSON literal. Expected the literal 'null'. LineNumber: 0 | BytePositionInLine: 1.")]
    [InlineData("""{"conversations": [{"from": "assistant", "value": "x"}]}""", """'conversations' has no turn from user or human; expected a list of {"from", "value"}.""")]
    [InlineData("""{"conversations": "x"}""", """'conversations' is no list; expected a list of {"from", "value"}.""")]
    [InlineData("""{"conversations": [{"from": "user", "value": 5}]}""", """'conversations' has no turn from user or human; expected a list of {"from", "value"}.""")]
    [InlineData("""{"conversations": [{"from": 1, "value": "x"}]}""", """'conversations' has no turn from user or human; expected a list of {"from", "value"}.""")]
    [InlineData("""{"conversations": [{"from": "user", "value": "q"}]}""", """'conversations' has no turn from assistant or gpt; expected a list of {"from", "value"}.""")]
    [InlineData("""{"conversations": [{"from": "user", "value": "q"}, {"from": "gpt", "value": "5"}]}""", "the assistant's turn has no <|begin_of_solution|> … <|end_of_solution|>; is another format file needed?")]
    [InlineData("""{"conversations": [{"from": "user", "value": "q"}, {"from": "gpt", "value": "<|begin_of_solution|>s<|end_of_solution|>"}]}""", "no explanation to learn from; expected 'explanation' or 'reasoning_trace', or a thought section in 'conversations'. Rows of question and solution are for train-teacher.")]
    public void Read_UnusableRow_SaysFileLineAndWhat(string line, string message)
    {
        string path = _scratch.Write("rows.jsonl", "{\"question\":\"q\",\"solution\":\"s\",\"explanation\":\"e\"}\n" + line);
        Assert.Equal(
            $"{path}: 1 of 2 rows cannot be used (max_bad_rows allows 0.01 of all). Correct them, or name other columns in 'fields' or another format:\n  {path}:2: {message}",
            Assert.Throws<DataException>(() => TeachingRows.Read(new DataSource(path), Padded, needsExplanation: true)).Message);
    }

    [Fact]
    public void Read_NoRows_SaysWhatIsExpected()
    {
        string path = _scratch.Write("rows.jsonl", "\n");
        Assert.Equal($"{path}: no rows; expected rows with 'question' and 'solution'.", Assert.Throws<DataException>(() => TeachingRows.Read(new DataSource(path), Padded, false)).Message);
        Assert.Equal($"{path}: no rows; expected rows with 'question', 'solution' and 'explanation'.", Assert.Throws<DataException>(() => TeachingRows.Read(new DataSource(path), Padded, true)).Message);
    }

    private IReadOnlyList<TeachingTask> Read(string lines, bool needsExplanation = true) => TeachingRows.Read(new DataSource(_scratch.Write("rows.jsonl", lines)), Padded, needsExplanation).Rows;

    private TeachingTask Mapped(FieldNames fields, string line) => Assert.Single(TeachingRows.Read(new DataSource(_scratch.Write("rows.jsonl", line)) { Fields = fields }, Padded, needsExplanation: true).Rows);
}
