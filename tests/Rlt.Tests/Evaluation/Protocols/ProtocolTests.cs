using Rlt.Evaluation;
using Rlt.Evaluation.Protocols;
using Rlt.Evaluation.Questions;
using Rlt.Teaching;

namespace Rlt.Tests.Evaluation.Protocols;

public sealed class ProtocolTests
{
    [Theory]
    [InlineData("7", "so \\boxed{7}", true, "7")]
    [InlineData("7", "so \\boxed{700}", true, "700")]
    [InlineData("7", "so \\boxed{0.07}", true, "0.07")]
    [InlineData("7", "so \\boxed{70}", false, "70")]
    [InlineData("25", "\\boxed{025}", true, "025")]
    [InlineData("25", "I think of 3 and then 25", true, "25")]
    [InlineData("25", "<think> \\boxed{25} and then it was cut", true, "25")]
    [InlineData("3", "first \\boxed{2}, no, \\boxed{3}", true, "3")]
    [InlineData("\\frac{1}{2}", "The answer is \\dfrac12.", true, "\\frac{1}{2}")]
    [InlineData("\\frac{1}{2}", "\\boxed{0.5}", true, "0.5")]
    [InlineData("3, 1, 2", "\\boxed{1,2,3}", true, "1,2,3")]
    [InlineData("(1,2)", "\\boxed{(1, 2)}", true, "(1,2)")]
    [InlineData("5", "\\boxed{x=5}", true, "5")]
    [InlineData("12", "\\boxed{12\\text{ cm}}", true, "12")]
    [InlineData("4", "\\boxed{\\text{four}}", true, "4")]
    [InlineData("10000", "\\boxed{10000.5}", true, "10000.5")]
    [InlineData("5", "no number at all", false, null)]
    public void GradeMath_BySkyThought_AsItsRulesHaveIt(string answer, string response, bool correct, string? extracted)
    {
        var verdict = Protocol.Skythought.Grade(AnswerKind.Math, Question(answer), response, truncated: false);
        Assert.Equal((correct, extracted), (verdict.Correct, verdict.Extracted));
    }

    [Theory]
    [InlineData("7", "so \\boxed{700}")]
    [InlineData("25", "<think> \\boxed{25} and then it was cut")]
    [InlineData("10000", "\\boxed{10000.5}")]
    public void GradeMath_Strict_RefusesWhatSkyThoughtLetsPass(string answer, string response) =>
        Assert.False(Protocol.Strict.Grade(AnswerKind.Math, Question(answer), response, truncated: false).Correct);

    [Fact]
    public void Grade_CutOffResponse_CountsForStrictOnlyWhereTheAnswerIsStated()
    {
        Assert.False(Protocol.Strict.Grade(AnswerKind.Math, Question("25"), "so far 3, then 25", truncated: true).Correct);
        Assert.True(Protocol.Strict.Grade(AnswerKind.Math, Question("25"), "\\boxed{25} and then", truncated: true).Correct);
        Assert.True(Protocol.Skythought.Grade(AnswerKind.Math, Question("25"), "so far 3, then 25", truncated: true).Correct);
    }

    [Theory]
    [InlineData("1004", "The final answer is 1,004.", true)]
    [InlineData("2001", "The final answer is 2,001", true)]
    [InlineData("18", "The final answer is $18", true)]
    [InlineData("18", "The final answer is 18.0", true)]
    [InlineData("18", "The final answer is 1800", false)]
    public void GradeNumber_BySkyThought_ComparesTheDigits(string answer, string response, bool correct) =>
        Assert.Equal(correct, Protocol.Skythought.Grade(AnswerKind.Number, Question(answer), response, truncated: false).Correct);

    // What is stated as the answer; SkyThought takes the last single letter, the article "a" among them.
    [Theory]
    [InlineData("\\boxed{B}", "B", "B")]
    [InlineData("\\boxed{\\text{B}}", "B", "B")]
    [InlineData("\\boxed{(B)}", "B", "B")]
    [InlineData("\\boxed{B) green}", "B", "B")]
    [InlineData("The answer is (C).", "C", "C")]
    [InlineData("**Answer: D**", "D", "D")]
    [InlineData("\\boxed{B}, which is a colour", "B", "A")]
    [InlineData("\\boxed{green}", "B", null)]
    [InlineData("\\boxed{A and B}", null, "B")]
    [InlineData("<think>It must be \\boxed{D}", null, "D")]
    [InlineData("I do not know", null, null)]
    [InlineData("\\boxed{\\textbf{C.}}", "C", "C")]
    public void GradeChoice_ByProtocol_FindsTheLetter(string response, string? strict, string? skythought)
    {
        EvalQuestion question = Question("B") with { Choices = ["blue", "green", "red", "brown"] };
        Assert.Equal((strict, strict == "B"), Found(Protocol.Strict));
        Assert.Equal((skythought, skythought == "B"), Found(Protocol.Skythought));

        (string?, bool) Found(Protocol protocol) => protocol.Grade(AnswerKind.Choice, question, response, truncated: false) is var verdict ? (verdict.Extracted, verdict.Correct) : default;
    }

    [Fact]
    public void SystemPrompt_ByProtocol_FollowsItsRule()
    {
        const string qwen = "You are a helpful and harmless assistant. You are Qwen developed by Alibaba. You should think step-by-step.";
        Assert.Equal(qwen, SystemPrompt.Choose(Protocol.Skythought, null, "Qwen/Qwen2.5-7B-Instruct", "row", "format"));
        Assert.Equal("", SystemPrompt.Choose(Protocol.Skythought, null, "runs/student", "row", "format"));
        Assert.Equal("mine", SystemPrompt.Choose(Protocol.Skythought, "mine", "NovaSky-AI/Sky-T1-32B-Preview", null, null));
        Assert.Contains("set system", Assert.Throws<ConfigException>(() => SystemPrompt.Choose(Protocol.Skythought, null, "NovaSky-AI/Sky-T1-32B-Preview", null, null)).Message, StringComparison.Ordinal);
        Assert.Equal("row", SystemPrompt.Choose(Protocol.Strict, null, "Qwen/Qwen2.5-7B-Instruct", "row", "format"));
        Assert.Equal("format", SystemPrompt.Choose(Protocol.Strict, null, "m", null, "format"));
        Assert.Equal("", SystemPrompt.Choose(Protocol.Strict, null, "m", null, null));
    }

    private static EvalQuestion Question(string answer) => new(new TeachingTask("q", ""), answer);
}
