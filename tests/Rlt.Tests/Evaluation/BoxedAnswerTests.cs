using Rlt.Evaluation;

namespace Rlt.Tests.Evaluation;

public sealed class BoxedAnswerTests
{
    [Theory]
    [InlineData("so \\boxed{5}.", "5")]
    [InlineData("\\boxed{1} no, \\boxed{2}", "2")]
    [InlineData("\\boxed{\\frac{1}{2}}", "\\frac{1}{2}")]
    [InlineData("\\boxed{a{b}{c{d}}} tail }", "a{b}{c{d}}")]
    [InlineData("\\boxed{}", "")]
    [InlineData("\\boxed{5", null)]
    [InlineData("\\boxed{1} then \\boxed{2", null)]
    [InlineData("boxed{5} \\boxed 5", null)]
    [InlineData("", null)]
    public void Extract_Response_IsTheLastBoxsContent(string response, string? expected) => Assert.Equal(expected, BoxedAnswer.Extract(response));

    [Theory]
    [InlineData("1,234", "1234")]
    [InlineData("1,234,567.50", "1234567.5")]
    [InlineData("1,2", "1,2")]
    [InlineData("(1,234)", "(1234)")]
    [InlineData("(1,2345)", "(1,2345)")]
    [InlineData("007", "7")]
    [InlineData("0", "0")]
    [InlineData("-0.50", "-0.5")]
    [InlineData("5.0", "5")]
    [InlineData("5.", "5")]
    [InlineData("0.05", "0.05")]
    [InlineData("$ 1 2 $", "12")]
    [InlineData("\\dfrac{1}{2}", "\\frac{1}{2}")]
    [InlineData("\\tfrac12", "\\frac12")]
    [InlineData("\\left( 1,\\, 2 \\right)", "(1,2)")]
    [InlineData("x + 1", "x+1")]
    [InlineData("10", "10")]
    [InlineData("100", "100")]
    public void Normalize_Answer_IsItsPlainForm(string answer, string expected) => Assert.Equal(expected, BoxedAnswer.Normalize(answer));

    [Theory]
    [InlineData("1,000", "1000", true)]
    [InlineData("12", "12.00", true)]
    [InlineData("\\frac{1}{2}", "\\dfrac{1}{2}", true)]
    [InlineData("12", "21", false)]
    [InlineData("12", "-12", false)]
    [InlineData("1", "10", false)]
    [InlineData("0.5", "5", false)]
    [InlineData("12", null, false)]
    [InlineData("", "", true)]
    public void Same_TwoAnswers_AreComparedByTheirPlainForms(string expected, string? actual, bool same) => Assert.Equal(same, BoxedAnswer.Same(expected, actual));
}
