using Rlt.Data;
using Rlt.Models;
using Rlt.Teaching;
using Rlt.Tests.Data;
using Rlt.Training.Sft;

namespace Rlt.Tests.Training;

/// <summary>What of a row is learned, in text.</summary>
public sealed class SftExampleTests : IDisposable
{
    private const string Row = """{"question": "2 + 3?", "solution": "5", "explanation": "add them"}""";

    private readonly ScratchDirectory _scratch = new();
    private readonly LanguageModel _model;

    public SftExampleTests() => _model = LanguageModel.Load(TinyDirectory.Write(_scratch["model"]), TinyDirectory.Device);

    public void Dispose()
    {
        _model.Dispose();
        _scratch.Dispose();
    }

    [Fact]
    public void Read_Teacher_LearnsTheExplanationItsTagAndTheTurnsEnd() => AssertLearns(
        SftTarget.Teacher, Row, "<|im_start|>user\n2 + 3?<|im_end|>\n<|im_start|>assistant\n<s>5</s>\n<e>\n", "add them</e><|im_end|>\n");

    [Fact]
    public void Read_Student_LearnsThoughtAndSolution() => AssertLearns(
        SftTarget.Student, Row, "<|im_start|>user\n2 + 3?<|im_end|>\n<|im_start|>assistant\n", "<t>\nadd them</t>\n<s>5</s><|im_end|>\n");

    [Fact]
    public void Read_PaddedExplanation_IsPaddedOnce() => AssertLearns(
        SftTarget.Student, """{"question": "q", "solution": "5", "explanation": "\nwhy\n"}""", "<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n", "<t>\nwhy\n</t>\n<s>5</s><|im_end|>\n");

    [Fact]
    public void Read_Conversation_LearnsTheLastTurn() => AssertLearns(
        SftTarget.Text,
        """{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}, {"role": "assistant", "content": "d"}]}""",
        "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nb<|im_end|>\n<|im_start|>user\nc<|im_end|>\n<|im_start|>assistant\n",
        "d<|im_end|>\n");

    [Fact]
    public void Read_Text_LearnsAllButTheFirstToken()
    {
        TokenSequence sequence = Assert.Single(Read(SftTarget.Text, """{"text": "add two and three"}""").Sequences);
        Assert.Equal(1, sequence.From);
        Assert.Equal("add two and three", _model.Tokenizer.Decode(sequence.Ids));
    }

    [Fact]
    public void Read_Cutoff_CutsAndCounts()
    {
        SftExamples examples = SftExample.Encode(
            Rows(_scratch.Write("rows.jsonl", "{\"text\": \"add two and three and four\"}\n{\"text\": \"a\"}\n"), SftTarget.Text), SftTarget.Text, null, _model.Text, 3);
        Assert.Contains("1 of 1 rows are longer than 3 tokens and were cut", examples.Warnings);
        Assert.Equal([3], examples.Sequences.Select(sequence => sequence.Ids.Length));
        Assert.Equal([2], examples.Sequences.Select(sequence => sequence.ScoredCount));
    }

    [Fact]
    public void Read_TemplateThatRewritesEarlierTurns_IsRefused()
    {
        string config = Path.Combine(_scratch["model"], "tokenizer_config.json");
        File.WriteAllText(config, """{"chat_template": "{{ messages | length }}{% for m in messages %}{{ m.content }}{% endfor %}"}""");
        using LanguageModel model = LanguageModel.Load(_scratch["model"], TinyDirectory.Device);
        string path = _scratch.Write("rows.jsonl", """{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}""");
        var error = Assert.Throws<DataException>(() => SftExample.Encode(Rows(path, SftTarget.Text), SftTarget.Text, null, model.Text, 100));
        Assert.Equal($"{path}:1: the chat template rewrites the turns before the last one, so what to learn cannot be told; expected a template that does not.", error.Message);
    }

    [Theory]
    [InlineData("", ": no rows; expected rows with 'text' or 'messages'.")]
    [InlineData("""{"texts": "a"}""", ":1: 'text' is missing; expected a text.")]
    [InlineData("""{"messages": "a"}""", ":1: 'messages' is not a list of turns; expected [{\"role\", \"content\"}, …].")]
    [InlineData("""{"messages": []}""", ":1: 'messages' is not a list of turns; expected [{\"role\", \"content\"}, …].")]
    public void Read_UnusableTextRow_SaysFileLineAndWhat(string line, string message)
    {
        string path = _scratch.Write("rows.jsonl", line);
        Assert.EndsWith(path + message, Assert.Throws<DataException>(() => Rows(path, SftTarget.Text)).Message, StringComparison.Ordinal);
    }

    private void AssertLearns(SftTarget target, string row, string given, string learned)
    {
        TokenSequence sequence = Assert.Single(Read(target, row).Sequences);
        Assert.Equal(given, _model.Tokenizer.Decode(sequence.Ids[..sequence.From]));
        Assert.Equal(learned, _model.Tokenizer.Decode(sequence.Ids[sequence.From..]));
    }

    private static IReadOnlyList<SftRow> Rows(string path, SftTarget target) => SftExample.Read(new DataSource(path), target, TinyDirectory.Format).Rows;

    private SftExamples Read(SftTarget target, string row) => SftExample.Encode(
        Rows(_scratch.Write("rows.jsonl", row), target), target, TeachingFormat.ForOne(TinyDirectory.Format, _model.Text), _model.Text, 1000);
}
