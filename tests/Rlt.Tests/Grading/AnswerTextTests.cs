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

    [Theory]
    [InlineData("3,4", "(a) $\\boxed{3}$, (b) $\\boxed{4}$", true)]
    [InlineData("(a) 3 (b) 4", "(a) \\boxed{3} (b) \\boxed{4}", true)]
    [InlineData("(a) 3 (b) 4", "(a) \\boxed{4} (b) \\boxed{3}", false)]
    [InlineData("i. 3; ii. 4", "\\boxed{(i)\\ 3,\\ (ii)\\ 4}", true)]
    [InlineData("3, 4", "**(a)** As 1 + 2 = 3, it is \\boxed{3}.\n\n**(b)** Likewise 2 + 2 gives \\boxed{4}.", true)]
    [InlineData("4, 3", "**(a)** As 1 + 2 = 3, it is \\boxed{3}.\n\n**(b)** Nothing is boxed here.", false)]
    [InlineData("4", "(a) First 1 + 2 = \\boxed{3}.\n(b) Then 3 + 1 gives \\boxed{4}.", true)]
    [InlineData("3", "(a) First 1 + 2 = \\boxed{3}.\n(b) Then 3 + 1 gives \\boxed{4}.", false)]
    public void Grade_LabelledParts_AreOneAnswer(string answer, string response, bool correct) => Assert.Equal(correct, IsRight(answer, response));

    [Theory]
    [InlineData("35\\%", "The share is thirty-five percent.", true)]
    [InlineData("53\\%", "The share is thirty-five percent.", false)]
    [InlineData("48", "\\boxed{\\text{forty-eight}}", true)]
    [InlineData("120", "\\boxed{\\text{one hundred and twenty}}", true)]
    [InlineData("2005", "The answer is two thousand and five.", true)]
    [InlineData("1234567", "\\boxed{\\text{one million two hundred thirty-four thousand five hundred sixty-seven}}", true)]
    [InlineData("\\frac{2}{3}", "The probability is two-thirds.", true)]
    [InlineData("-4", "\\boxed{\\text{minus four}}", true)]
    [InlineData("21", "\\boxed{\\text{twenty eleven}}", false)]
    [InlineData("31", "\\boxed{\\text{twenty eleven}}", false)]
    public void Grade_NumbersInWords_AreRead(string answer, string response, bool correct) => Assert.Equal(correct, IsRight(answer, response));

    [Theory]
    [InlineData("$\\sum_{k=1}^n 2k$", "$2\\sum_{k=1}^n k$", true)]
    [InlineData("$\\sum_{k=1}^n (2k+2)$", "$2\\sum_{j=1}^n (j+1)$", true)]
    [InlineData("$\\sum_{k=1}^{\\infty} \\frac{x\\sqrt{2}}{k^2}$", "$\\sqrt{2}x\\sum_{k=1}^\\infty \\frac1{k^2}$", true)]
    [InlineData("$\\sum_{i=1}^n \\sum_{j=1}^i 6ij$", "$6\\sum_{i=1}^n i\\sum_{j=1}^i j$", true)]
    [InlineData("$\\sum_{k=1}^n 2k$", "$3\\sum_{k=1}^n k$", false)]
    [InlineData("$\\sum_{k=1}^n k^3$", "$\\sum_{k=1}^n k \\sum_{k=1}^n k^2$", false)]
    [InlineData("$\\prod_{k=1}^n 2k$", "$2\\prod_{k=1}^n k$", false)]
    public void Grade_ConstantFactorsOfASum_MayStandBeforeIt(string answer, string response, bool correct) => Assert.Equal(correct, IsRight(answer, response));

    [Theory]
    [InlineData("4 + 5 = 9\n#### 9", "\\boxed{9}", true)]
    [InlineData("9", "The answer is 9, not 6.", true)]
    [InlineData("6", "The answer is 9, not 6.", false)]
    [InlineData("2.5", "#### 2 1/2", true)]
    [InlineData("21/2", "\\boxed{2 1/2}", false)]
    [InlineData("\\frac{5}{8}", "\\boxed{\\frac{5}{8} = 0.625}", true)]
    [InlineData("\\frac{5}{8}", "\\boxed{\\frac{5}{8} = 0.725}", false)]
    [InlineData("9", "\\boxed{\\textcolor{red}{9}}", true)]
    [InlineData("9", "\\boxed{\\approx 9}", true)]
    [InlineData("9", "\\boxed{9 \\pmod{11}}", true)]
    [InlineData("x \\equiv 9 \\pmod{11}", "\\boxed{x \\equiv 9\\ (\\text{mod }11)}", true)]
    [InlineData("x \\equiv 9 \\pmod{11}", "\\boxed{x \\equiv 9 \\pmod{12}}", false)]
    [InlineData("3.2\\ m/s^2", "\\boxed{3.2}", true)]
    [InlineData("\\overline{PQ}", "\\boxed{PQ}", true)]
    [InlineData("2\\text{ and }9", "\\boxed{2 \\& 9}", true)]
    [InlineData("HHT", "\\boxed{\\text{HHT}}", true)]
    [InlineData("TH", "\\boxed{\\text{HT}}", false)]
    [InlineData("\\text{Sunday}", "It falls on a weekend; the day is **Sunday**.", true)]
    [InlineData("\\text{No solution}", "\\boxed{\\text{no solutions}}", true)]
    public void Grade_FormsOfOneAnswer_AreThatAnswer(string answer, string response, bool correct) => Assert.Equal(correct, IsRight(answer, response));

    private static bool IsRight(string answer, string response) => AnswerGrader.Grade(answer, response, GradingOptions.Default).Correct;
}
