using Rlt.Grading;

namespace Rlt.Tests.Grading;

/// <summary>Other questions beside the answer, times of day, numbers of other locales, answers of several parts.</summary>
public sealed class AnswerTextTests
{
    [Theory]
    [InlineData("6", "First I restate it.\n\n**Question:** What is 2 times 3?\n\n**Solution:** It is \\boxed{6}.", true)]
    [InlineData("6", "Let me start.\n\nQ: What is 2 times 3?\nA: The answer is 6.", true)]
    [InlineData("6", "The chat:\n\nHuman: What is 2 times 3?\nAssistant: \\boxed{6}", true)]
    [InlineData("6", "2 * 3 = 6\n\nQuestion: What is 3 times 3?\n3 * 3 = 9", true)]
    [InlineData("9", "2 * 3 = 6\n\nQuestion: What is 3 times 3?\n3 * 3 = 9", false)]
    [InlineData("6", "#### 6\n\nQ: What is 3 times 3?\nA: 9\n#### 9", true)]
    [InlineData("6", "The answer is 6.\n\n### Instruction:\nAnd 3 times 3?\n\n### Response:\nThe answer is 9.", true)]
    [InlineData("6", "The answer is 6.\n\nExample 2: 3 times 3\nThe answer is 9.", true)]
    [InlineData("6", "The answer is 6. [INST] And 3 times 3? [/INST] The answer is 9.", true)]
    [InlineData("6", "答案是 6\n\n问题：3乘3是多少？\n答案是 9", true)]
    [InlineData("6", "Question: What is 2 times 3?\nAnswer: 2 * 3 = 6\n\nQuestion: What is 3 times 3?\nAnswer: 9", true)]
    [InlineData("9", "We have 6 boxes.\n\nExample: take 7 of them.\n\nSo the answer is 9.", true)]
    public void Grade_OtherQuestions_EndTheResponseOnlyAfterItsAnswer(string answer, string response, bool correct) => Assert.Equal(correct, IsRight(answer, response));

    [Theory]
    [InlineData("7:30", "\\boxed{7:30\\text{ p.m.}}", true)]
    [InlineData("7:30\\text{ PM}", "\\boxed{7:30}", true)]
    [InlineData("7:30\\text{ p.m.}", "\\boxed{19:30}", true)]
    [InlineData("12:00\\text{ p.m.}", "\\boxed{\\text{noon}}", true)]
    [InlineData("6:15", "The bus comes at 6:15 a.m.", true)]
    [InlineData("6:15", "It opens at **6:15 PM**.", true)]
    [InlineData("7:30\\text{ p.m.}", "\\boxed{7:30\\text{ a.m.}}", false)]
    [InlineData("12:00\\text{ p.m.}", "\\boxed{12:00\\text{ a.m.}}", false)]
    [InlineData("2:10", "\\boxed{4:20}", false)]
    [InlineData("6:15", "\\boxed{6:51}", false)]
    [InlineData("4:3", "\\boxed{8:6}", true)]
    [InlineData("4:3", "The ratio is 4:3.", true)]
    [InlineData("4:3", "\\boxed{3:4}", false)]
    public void Grade_ClockTimes_AreNoRatios(string answer, string response, bool correct) => Assert.Equal(correct, IsRight(answer, response));

    [Theory]
    [InlineData("2500.75", "It costs 2.500,75€", true)]
    [InlineData("2500.75", "$2500,75$", true)]
    [InlineData("2500.75", "\\boxed{2 500,75}", true)]
    [InlineData("3,85 $", "\\boxed{3.85}", true)]
    [InlineData("3.85", "It costs 3,85 €.", true)]
    [InlineData("2500000", "\\boxed{2'500'000}", true)]
    [InlineData("2500000", "\\boxed{25,00,000}", true)]
    [InlineData("3.85", "\\boxed{385}", false)]
    [InlineData("385", "\\boxed{3,85}", false)]
    [InlineData("(3,85)", "\\boxed{3.85}", false)]
    [InlineData("2.500", "\\boxed{2,500}", false)]
    [InlineData("3,5", "\\boxed{3.5}", false)]
    [InlineData("45\\%", "\\boxed{45 \\text{ per cent}}", true)]
    [InlineData("45\\%", "It is $45$ percentage", true)]
    [InlineData("45\\%", "\\boxed{54 percent}", false)]
    public void Grade_NumbersOfOtherLocales_AreRead(string answer, string response, bool correct) => Assert.Equal(correct, IsRight(answer, response));

    [Theory]
    [InlineData("8,9", "$a = \\boxed{8}$ and $b = \\boxed{9}$", true)]
    [InlineData("8,9", "\\boxed{8} but rather \\boxed{9}", false)]
    [InlineData("(7,4)", "$\\{m=7,n=4\\}$", true)]
    [InlineData("$\\{m=7,n=4\\}$", "$(7,4)$", true)]
    [InlineData("$(m,n)=(7,4)$", "$n=4, m=7$", true)]
    [InlineData("$(m,n)=(7,4)$", "$n=7, m=4$", false)]
    [InlineData("$\\{m=7,n=4\\}$", "$(4,7)$", false)]
    [InlineData("$C_n=\\sum_{i=1}^{n} C_i C_{n-i}$", "$C_n=\\sum_{k=1}^{n} C_{n-k} C_k$", true)]
    [InlineData("$C_n=\\sum_{i=1}^{n} C_i C_{n-i}$", "$C_n=\\sum_{i=0}^{n} C_i C_{n-i}$", false)]
    [InlineData("$C_n=\\sum_{i=1}^{n} C_i C_{n-i}$", "$C_n=\\sum_{i=1}^{n} C_i C_{n-i-1}$", false)]
    [InlineData("$y_1=x+1, y_2=x^2-1$", "$\\boxed{y_1(x)=1+x, y_2(x)=(x-1)(x+1)}$", true)]
    [InlineData("$y_1=x+1, y_2=x^2-1$", "$\\boxed{y_2=x+1, y_1=x^2-1}$", false)]
    public void Grade_AnswersOfSeveralParts_AreComparedPartByPart(string answer, string response, bool correct) => Assert.Equal(correct, IsRight(answer, response));

    private static bool IsRight(string answer, string response) => AnswerGrader.Grade(answer, response, GradingOptions.Default).Correct;
}
