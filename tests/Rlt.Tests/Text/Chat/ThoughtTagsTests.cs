using Rlt.Grading;
using Rlt.Teaching;
using Rlt.Text.Chat;

namespace Rlt.Tests.Text.Chat;

/// <summary>Where a thought begins and ends, in the spellings of several model families.</summary>
public sealed class ThoughtTagsTests
{
    [Theory]
    [InlineData("<think>", "</think>")]
    [InlineData("<THINK>\n", "</Think>")]
    [InlineData("<think lang='en'>", "</think>")]
    [InlineData("<seed:think>", "</seed:think>")]
    [InlineData("<thinking>", "</thinking>")]
    [InlineData("<thought>\n", "</thought>")]
    [InlineData("<reasoning>", "</reasoning>")]
    [InlineData("<|think|>", "<|/think|>")]
    [InlineData("[THINK]", "[/THINK]")]
    [InlineData("[think]", "[/think]")]
    [InlineData("◁think▷", "◁/think▷")]
    [InlineData("<|begin_of_thought|>\n\n", "\n\n<|end_of_thought|>")]
    [InlineData("<|START_THINKING|>", "<|END_THINKING|>")]
    [InlineData("<|inner_prefix|>", "<|inner_suffix|>")]
    [InlineData("<|channel>thought\n", "<channel|>")]
    [InlineData("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>")]
    [InlineData("analysisWe ", "assistantfinal")]
    public void Answering_ThoughtOfEachSpelling_CountsOnlyOnceClosed(string open, string close)
    {
        const string Thought = "Perhaps \\boxed{31}, no.", Said = "Nine sheep and eight goats make 17.";
        Assert.Equal(Said, ThoughtTags.Answering(open + Thought + close + Said));
        Assert.Equal("", ThoughtTags.Answering(open + Thought));
        Assert.Equal(Said, ThoughtTags.Answering(Thought + close + Said));
        Assert.Contains(Thought, ThoughtTags.Thought(open + Thought + close + Said), StringComparison.Ordinal);
        Assert.Equal(new Verdict(true, "17"), AnswerGrader.Grade("17", open + Thought + close + Said, GradingOptions.Default));
        Assert.Equal(new Verdict(false, null), AnswerGrader.Grade("31", open + Thought, GradingOptions.Default));
    }

    [Theory]
    [InlineData("If x<think and y>3 then 17")]
    [InlineData("<think/>17")]
    [InlineData("The analysis shows 17")]
    [InlineData("analysis of the sums gives 17")]
    [InlineData("I was thinking [of] <b>17</b>")]
    public void Answering_WordsThatAreNoTags_Stand(string text) => Assert.Equal(text, ThoughtTags.Answering(text));

    [Theory]
    [InlineData("<think>\n", "<think>\n")]
    [InlineData("[THINK]", "[THINK]")]
    [InlineData("<|start|>assistant<|channel|>analysis<|message|>", "<|channel|>analysis<|message|>")]
    [InlineData("<seed:think>Let us see. ", "<seed:think>Let us see. ")]
    [InlineData("<think>\n\n</think>\n\n", "")]
    [InlineData("", "")]
    public void OpenedThought_OfTheGenerationPrompt_IsWhatItLeavesOpen(string opening, string opened)
    {
        string template = "{% for m in messages %}{{ m.role + ': ' + m.content + '.' }}{% endfor %}{% if add_generation_prompt %}{{ 'assistant: " + opening.Replace("\n", "\\n", StringComparison.Ordinal) + "' }}{% endif %}";
        var chat = new ChatRenderer(ChatTemplate.Parse(template, "test"));
        Assert.Equal(opened, chat.OpenedThought("Think between <think> and </think>, begin with <think>", "What does <think> mean?"));
    }

    [Fact]
    public void OpenedThought_TemplateWithASwitch_IsAsItStands()
    {
        const string Template = "{% for m in messages %}{{ m.content + '.' }}{% endfor %}{% if add_generation_prompt %}{{ '<think>' }}{% if enable_thinking is defined and not enable_thinking %}{{ '</think>' }}{% endif %}{% endif %}";
        ChatTemplate template = ChatTemplate.Parse(Template, "test");
        Assert.Equal("<think>", new ChatRenderer(template).OpenedThought("", "q"));
        Assert.Equal("", new ChatRenderer(template, new() { ["enable_thinking"] = false }).OpenedThought("", "q"));
        Assert.Equal("q.<think></think>", new ChatRenderer(template, new() { ["enable_thinking"] = false }).Prompt("", "q"));
        Assert.True(template.Mentions("enable_thinking"));
        Assert.False(template.Mentions("thinking"));
    }

    [Theory]
    [InlineData("user: 8 + 9?\nassistant: <think>\n", "<think>\n")]
    [InlineData("user: what is <think>?\nassistant: ", "")]
    [InlineData("8 + 9?", "")]
    public void LeftOpenAtEnd_OfAWholePrompt_IsItsLastTag(string prompt, string opened) => Assert.Equal(opened, ThoughtTags.LeftOpenAtEnd(prompt));
}
