using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Models;
using Rlt.Teaching;
using Rlt.Tests.Data;
using Rlt.Training.Sft;

namespace Rlt.Tests.Training;

/// <summary>Rows that would teach nothing, or something else than they say, are noticed before a step.</summary>
public sealed class SftSilentFaultTests : IDisposable
{
    private const string TextsOnly = "{{ '<|im_start|>' + m.role + '\\n' + (m.content if m.content is string else '') + '<|im_end|>\\n' }}";
    private const string WithoutThought = "{{ '<|im_start|>' + m.role + '\\n' + m.content.split('</think>')[-1] + '<|im_end|>\\n' }}";
    private const string WithReasoning = "{{ '<|im_start|>' + m.role + '\\n' + ('<think>' + m.reasoning_content + '</think>' if m.reasoning_content else '') + m.content + '<|im_end|>\\n' }}";
    private const string Parts = """{"messages": [{"role": "user", "content": [{"type": "text", "text": "how many are 5 and 6?"}]}, {"role": "assistant", "content": [{"type": "text", "text": "11"}]}]}""";

    private readonly ScratchDirectory _scratch = new();

    public SftSilentFaultTests() => TinyDirectory.Write(_scratch["model"]);

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Encode_RowsCutBeforeTheirAnswer_AreLeftOutAndNamed()
    {
        SftExamples examples = Encode(SftTarget.Student, """
            {"question": "two and two and two and two and two and two and two?", "solution": "14", "explanation": "by seven"}
            {"question": "q", "solution": "5", "explanation": "why"}
            """, cutoff: 24);
        Assert.Single(examples.Sequences);
        Assert.True(examples.Sequences[0].ScoredCount > 0);
        Assert.Contains($"1 of 2 rows have nothing left to learn within 24 tokens and are left out: {_scratch["rows.jsonl"]}:1", examples.Warnings);
    }

    [Fact]
    public void Encode_NoRowWithAnythingToLearn_IsRefused()
    {
        string message = Refused(SftTarget.Student, """{"question": "two and two and two and two?", "solution": "8", "explanation": "by four"}""", cutoff: 6);
        Assert.StartsWith($"{_scratch["rows.jsonl"]}:1: nothing is left to learn within 6 tokens, here and in all 1 rows: the row has ", message, StringComparison.Ordinal);
        Assert.EndsWith("Raise cutoff, or use a model with a longer context.", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TextsOnly)]
    [InlineData("{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}")]
    [InlineData("{{ '<|im_start|>' + m.role + '\\n' }}{% if m.content is string %}{{ m.content }}{% else %}{% for p in m.content %}{{ p.text }}{% endfor %}{% endif %}{{ '<|im_end|>\\n' }}")]
    public void Encode_ContentInParts_IsLearnedAsItsText(string turn)
    {
        Template(turn);
        Assert.Equal("11<|im_end|>\n", Learned(Encode(SftTarget.Text, Parts)));
        Assert.Equal("11<|im_end|>\n", Learned(Encode(SftTarget.Text, Parts.Replace("[{\"type\": \"text\", \"text\": \"11\"}]", "\"11\"", StringComparison.Ordinal))));
    }

    [Theory]
    [InlineData(WithoutThought, """{"role": "assistant", "content": "<think>five, then six</think>11"}""", "11<|im_end|>\n", true)]
    [InlineData(WithoutThought, """{"role": "assistant", "content": "11"}""", "11<|im_end|>\n", false)]
    [InlineData(TextsOnly, """{"role": "assistant", "content": "11", "reasoning_content": "five, then six"}""", "11<|im_end|>\n", true)]
    [InlineData(TextsOnly, """{"role": "assistant", "content": [{"type": "thinking", "thinking": "five, then six"}, {"type": "text", "text": "11"}]}""", "11<|im_end|>\n", true)]
    [InlineData(WithReasoning, """{"role": "assistant", "content": "11", "reasoning_content": "five, then six"}""", "<think>five, then six</think>11<|im_end|>\n", false)]
    [InlineData(TextsOnly, """{"role": "assistant", "content": "<think>five, then six</think>11"}""", "<think>five, then six</think>11<|im_end|>\n", false)]
    public void Encode_TemplateThatDropsTheThought_IsToldWithTheRow(string turn, string answer, string learned, bool warned)
    {
        Template(turn);
        SftExamples examples = Encode(SftTarget.Text, $$"""{"messages": [{"role": "user", "content": "5 and 6?"}, {{answer}}]}""");
        Assert.Equal(learned, Learned(examples));
        Assert.Equal(warned, examples.Warnings.Any(warning => warning.StartsWith("1 of 1 rows lose their thought in the chat template", StringComparison.Ordinal) && warning.Contains("rows.jsonl:1", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("{% if m.role != 'tool' %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{% endif %}", """{"role": "user", "content": "5 + 6?"}, {"role": "tool", "content": "eleven"}, {"role": "assistant", "content": "11"}""", "turn 2 says ('eleven')")]
    [InlineData("{{ '<|im_start|>' + m.role + '\\n' + (m.content or '') + '<|im_end|>\\n' }}", """{"role": "user", "content": "5 + 6?"}, {"role": "assistant", "content": null, "tool_calls": [{"type": "function", "function": {"name": "add", "arguments": {}}}]}""", "turn 2 says ('add')")]
    [InlineData("{{ '<|im_start|>' + m.role + '\\n' + (m.content if m.role == 'user' else '') + '<|im_end|>\\n' }}", """{"role": "user", "content": "5 + 6 = 11?"}, {"role": "assistant", "content": "11"}""", "turn 2 says ('11')")]
    public void Encode_TemplateThatLeavesATurnOut_IsRefused(string turn, string turns, string what)
    {
        Template(turn);
        Assert.StartsWith($"{_scratch["rows.jsonl"]}:1: the chat template leaves out what {what}, so it would not be learned;", Refused(SftTarget.Text, $$"""{"messages": [{{turns}}]}"""), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"role": "user", "content": "5?"}, {"role": "assistant", "content": ""}""", "the last turn of 'messages' says nothing; expected what is to be learned. Leave the row out.")]
    [InlineData("""{"role": "user", "content": [{"type": "image"}]}, {"role": "assistant", "content": "5"}""", "turn 1 of 'messages' has a part of type 'image'; expected texts alone. Leave the row out.")]
    [InlineData("""{"role": "user", "content": "5?"}, "5" """, "turn 2 of 'messages' is no object; expected {\"role\", \"content\"}.")]
    public void Encode_TurnThatTeachesNothing_IsRefused(string turns, string what) =>
        Assert.Equal($"{_scratch["rows.jsonl"]}:1: {what}", Refused(SftTarget.Text, $$"""{"messages": [{{turns}}]}"""));

    [Fact]
    public void Encode_RowsOwnToolsAndTemplateArgs_ReachTheTemplate()
    {
        Template("{{ '<|im_start|>' + m.role + '\\n' + (tools | length | string if tools else '') + (mark or '') + m.content + '<|im_end|>\\n' }}");
        Assert.Equal("1!no<|im_end|>\n", Learned(Encode(SftTarget.Text, """{"messages": [{"role": "user", "content": "so?"}, {"role": "assistant", "content": "no"}], "tools": [{"name": "f"}], "template_args": {"mark": "!"}}""")));
    }

    [Fact]
    public void Encode_WordsThatBringTheTurnsEnd_HaveItOnce() =>
        Assert.Equal("11<|im_end|>\n", Learned(Encode(SftTarget.Text, """{"messages": [{"role": "user", "content": "5 + 6?"}, {"role": "assistant", "content": "11<|im_end|>"}]}""")));

    [Theory]
    [InlineData(TextsOnly, 1022)]
    [InlineData("{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|endoftext|>' }}", 1020)]
    [InlineData("{{ '<|im_start|>' + m.role + '\\n' + m.content + '\\n' }}", null)]
    public void Encode_TurnEnd_IsTheTokenInWhichTextsEnd(string turn, int? end)
    {
        Template(turn);
        SftExamples examples = Encode(SftTarget.Text, """{"messages": [{"role": "user", "content": "5 + 6?"}, {"role": "assistant", "content": "11"}]}""");
        Assert.Equal(end, examples.TurnEnd);
        Assert.Equal(end is null, examples.Warnings.Any(warning => warning.EndsWith("so the model does not learn to stop; expected a template that does", StringComparison.Ordinal)));
        Assert.Equal(end, ModelText.Load(_scratch["model"]).TurnEndId);
    }

    [Fact]
    public void Encode_PlainTexts_EndWhereMostOfThemDo()
    {
        Assert.Equal(1020, Encode(SftTarget.Text, "{\"text\": \"one<|endoftext|>\"}\n{\"text\": \"two<|endoftext|>\\n\"}\n{\"text\": \"three\"}").TurnEnd);
        Assert.Null(Encode(SftTarget.Text, "{\"text\": \"one<|endoftext|>\"}\n{\"text\": \"two\"}").TurnEnd);
    }

    private void Template(string turn) => File.WriteAllText(
        Path.Combine(_scratch["model"], "tokenizer_config.json"),
        new JsonObject
        {
            ["eos_token"] = "<|im_end|>",
            ["chat_template"] = "{% for m in messages %}" + turn + "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
        }.ToJsonString());

    private SftExamples Encode(SftTarget target, string rows, int cutoff = 1000)
    {
        var text = ModelText.Load(_scratch["model"]);
        var source = new DataSource(_scratch.Write("rows.jsonl", rows));
        return SftExample.Encode(SftExample.Read(source, target, TinyDirectory.Format).Rows, target, target == SftTarget.Text ? null : TeachingFormat.ForOne(TinyDirectory.Format, text), text, cutoff);
    }

    private string Refused(SftTarget target, string rows, int cutoff = 1000) => Assert.Throws<DataException>(() => Encode(target, rows, cutoff)).Message;

    private string Learned(SftExamples examples)
    {
        TokenSequence sequence = Assert.Single(examples.Sequences);
        return ModelText.Load(_scratch["model"]).Tokenizer.Decode(sequence.Ids[sequence.From..]);
    }
}
