using Rlt.Configuration;
using Rlt.Data;
using Rlt.Teaching;
using Rlt.Tests.Data;
using Rlt.Text.Chat;

namespace Rlt.Tests.Teaching;

/// <summary>Tag styles: what a format file may say, and texts without solution tags.</summary>
public sealed class PromptFormatTests : IDisposable
{
    private const string R1Turn = "<think>\nadd them\n</think>\n\nIt is 5.";
    private readonly ScratchDirectory _scratch = new();

    private readonly ChatRenderer _chat;

    public PromptFormatTests()
    {
        TinyDirectory.WriteTokenizer(_scratch["model"]);
        _chat = new ChatRenderer(ChatTemplate.TryLoad(_scratch["model"])!);
    }

    private static PromptFormat R1 { get; } = ConfigLoader.Load<PromptFormat>(Path.Combine(Golden.RepositoryRoot, "configs", "formats", "r1.yaml"), []);

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("thought_open=\"\"", "thought_open is empty; expected a tag: only the solution can go without")]
    [InlineData("thought_close=\" \"", "thought_close is empty; expected a tag: only the solution can go without")]
    [InlineData("explanation_open=\"\"", "explanation_open is empty; expected a tag: only the solution can go without")]
    [InlineData("explanation_close=\"\"", "explanation_close is empty; expected a tag: only the solution can go without")]
    [InlineData("solution_open=\"\"", "solution_open is empty while solution_close is '</s>'; expected both tags, or two times \"\" for a solution that is all that follows the thought")]
    [InlineData("solution_close=\"\"", "solution_close is empty while solution_open is '<s>'; expected both tags, or two times \"\" for a solution that is all that follows the thought")]
    [InlineData("thought_close=<t>", "thought_close is '<t>', which is also thought_open ('<t>'); expected tags that cannot be taken for one another")]
    [InlineData("thought_open=t>", "thought_close is '</t>', which holds thought_open ('t>'); expected tags that cannot be taken for one another")]
    [InlineData("solution_open=/s>", "solution_close is '</s>', which holds solution_open ('/s>'); expected tags that cannot be taken for one another")]
    [InlineData("explanation_open=e>", "explanation_close is '</e>', which holds explanation_open ('e>'); expected tags that cannot be taken for one another")]
    [InlineData("solution_open=<t>", "solution_open is '<t>', which is also thought_open ('<t>'); expected tags that cannot be taken for one another")]
    [InlineData("solution_close=</t>>", "solution_close is '</t>>', which holds thought_close ('</t>'); expected tags that cannot be taken for one another")]
    [InlineData("thought_open=<s>>", "thought_open is '<s>>', which holds solution_open ('<s>'); expected tags that cannot be taken for one another")]
    [InlineData("explanation_open=<t", "thought_open is '<t>', which holds explanation_open ('<t'); expected tags that cannot be taken for one another")]
    [InlineData("explanation_open=</t", "thought_close is '</t>', which holds explanation_open ('</t'); expected tags that cannot be taken for one another")]
    public void Load_TagsThatCannotBeTold_SaysWhich(string setting, string message)
    {
        string path = _scratch.Write("format.yaml", TinyDirectory.FormatYaml);
        var error = Assert.Throws<ConfigException>(() => ConfigLoader.Load<PromptFormat>(path, [setting]));
        Assert.EndsWith($": {message}", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("explanation_open=<t>", "explanation_close=</t>")]
    [InlineData("thought_close=t>", "delimiter=\"\"")]
    [InlineData("solution_open=\"\"", "solution_close=\"\"")]
    public void Load_UnusualTagsThatCanBeTold_AreTaken(params string[] settings) =>
        Assert.Empty(ConfigLoader.Load<PromptFormat>(_scratch.Write("format.yaml", TinyDirectory.FormatYaml), settings).Problems());

    [Fact]
    public void StudentText_NoSolutionTags_IsThoughtAndSolutionWithTheirSpans()
    {
        TeachingTask task = Read("""{"question": "2 + 3?", "solution": "\nIt is 5.\n", "explanation": "add them"}""");
        SpannedText text = Format().StudentText(task, Format().WithoutPadding(task.Explanation!));
        Assert.Equal("<|im_start|>user\n2 + 3?<|im_end|>\n<|im_start|>assistant\n" + R1Turn + "<|im_end|>\n", text.Text);
        Assert.Equal(("add them\n", "It is 5."), (text.Text[text.Explanation.Start..text.Explanation.End], text.Text[text.Solution.Start..text.Solution.End]));
    }

    [Fact]
    public void TeacherPrompt_NoSolutionTags_HasTheBareSolution()
    {
        TeachingTask task = Read("""{"question": "2 + 3?", "solution": "It is 5.", "teacher_system": "teach", "explanation": "add them"}""");
        Assert.Equal("<|im_start|>system\nteach<|im_end|>\n<|im_start|>user\n2 + 3?<|im_end|>\n<|im_start|>assistant\nIt is 5.\n\n<explanation>\n", Format().TeacherPrompt(task));
    }

    [Theory]
    [InlineData("\\n\\nIt is 5.")]
    [InlineData("\\nIt is 5.\\n")]
    [InlineData("It is 5.")]
    [InlineData("\\n\\n\\n It is 5.\\n\\n")]
    public void Read_TurnWithoutSolutionTags_SolutionIsAllAfterTheThought(string after)
    {
        TeachingTask task = Read($$"""{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "<think>\nadd </think>{{after}}"}]}""");
        Assert.Equal(("q", "It is 5.", "\nadd "), (task.Question, task.Solution, task.Explanation));
    }

    [Fact]
    public void Read_TurnWithoutSolutionTagsOrPadding_SolutionIsVerbatimAfterTheDelimiter()
    {
        TeachingTask task = Read("""{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "<think>a</think>\n\n\n b </think>\n"}]}""", R1 with { PadPlainText = false });
        Assert.Equal(("\n b </think>\n", "a"), (task.Solution, task.Explanation));
    }

    [Fact]
    public void Read_StudentTextOfATurn_IsTheTurn()
    {
        TeachingTask task = Read($$"""{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": {{System.Text.Json.JsonSerializer.Serialize(R1Turn)}}}]}""");
        SpannedText text = Format().StudentText(task, Format().WithoutPadding(task.Explanation!));
        Assert.EndsWith($"assistant\n{R1Turn}<|im_end|>\n", text.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("It is 5.")]
    [InlineData("<think>It is 5.")]
    [InlineData("add </think> It is 5.")]
    public void Read_TurnWithoutThought_NamesTheTags(string turn)
    {
        var error = Assert.Throws<DataException>(() => Read($$"""{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "{{turn}}"}]}"""));
        Assert.EndsWith(":1: the assistant's turn has no <think> … </think>; is another format file needed?", error.Message, StringComparison.Ordinal);
    }

    private TeachingFormat Format() => new(R1, _chat, _chat);

    private TeachingTask Read(string line, PromptFormat? format = null) =>
        TeachingRows.Task(Assert.Single(RowFile.Read(_scratch.Write("rows.jsonl", line))), format ?? R1, needsExplanation: true);
}
