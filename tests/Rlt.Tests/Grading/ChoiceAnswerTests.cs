using Rlt.Evaluation;
using Rlt.Evaluation.Protocols;
using Rlt.Evaluation.Questions;
using Rlt.Grading;
using Rlt.Teaching;

namespace Rlt.Tests.Grading;

/// <summary>Choices and explicit answers, in the wordings of people and models.</summary>
public sealed class ChoiceAnswerTests
{
    [Theory]
    [InlineData("D", "We get \\boxed{p = mv} first.\n\n**Answer: D**", "D")]
    [InlineData("B", "This yields \\boxed{E = hf}.\n\nHence option B is correct.", "B")]
    [InlineData("C", "Here \\boxed{3\\ \\text{m}} is the width. I pick option (C).", "C")]
    [InlineData("30", "First \\boxed{x = 10}. Tripled, the answer is 30.", "30")]
    [InlineData("8", "\\boxed{8}. The answer is odd or even? It is even.", "8")]
    [InlineData("8", "\\boxed{8}. The answer is at most 10, as claimed.", "8")]
    [InlineData("8", "\\boxed{8}\n\nWere the sides swapped, the answer would be 9.", "8")]
    [InlineData("8", "\\boxed{8}. A common wrong answer is 9.", "8")]
    [InlineData("8", "\\boxed{8}. For n = 3 the answer is 9.", "8")]
    [InlineData("8", "\\boxed{8}. Some think the answer is 9.", "8")]
    [InlineData("B", "\\boxed{B}. The answer is not A: A has no mass.", "B")]
    [InlineData("B", "\\boxed{B}, so the answer is 12 kg.", "B")]
    public void Grade_WordsAfterABox_CountWhereTheyAnnounceAnAnswer(string answer, string response, string extracted) => Assert.Equal((true, extracted), Graded(answer, response));

    [Theory]
    [InlineData("Ans: B", "B")]
    [InlineData("Ans. (B)", "B")]
    [InlineData("__Answer__: B", "B")]
    [InlineData("**ANSWER**: **B**", "B")]
    [InlineData("## Answer\n\nB", "B")]
    [InlineData("The answer is option B.", "B")]
    [InlineData("The answer is choice b.", "b")]
    [InlineData("The correct answer is **B**: $3 \\times 10^{8}$ m/s.", "B")]
    [InlineData("The best answer is **B**, with a charge of $2$ C.", "B")]
    [InlineData("Thus it has to be\n\n**B. 40 cm**", "B")]
    [InlineData("Answer: B. 40 cm", "B")]
    [InlineData("A and C are out. I would choose B.", "B")]
    [InlineData("1 falls, 2 rises.\n\nSo B.", "B")]
    [InlineData("B is correct.", "B")]
    [InlineData("答案是（B）。", "B")]
    [InlineData("The answer is B because C melts at 12 degrees.", "B")]
    [InlineData("Therefore, (B) is the correct answer.", "B")]
    [InlineData("I choose option (B).", "B")]
    [InlineData("Neither fits. Hence (B).", "B")]
    [InlineData("所以选B。", "B")]
    public void Grade_LetterOfAChoice_IsFoundHoweverSpelled(string response, string extracted) => Assert.Equal((true, extracted), Graded("B", response));

    [Theory]
    [InlineData("A", "The answer is A neutron star.")]
    [InlineData("A", "The answer is A or B.")]
    [InlineData("A", "The answer is A, B and C.")]
    [InlineData("B", "Option B is incorrect.")]
    [InlineData("D", "A. iron\nB. zinc\nC. tin\nD. lead")]
    [InlineData("C", "The correct answer is **B**: 40 cm.")]
    [InlineData("C", "\\boxed{\\textbf{(D) } 18}")]
    [InlineData("17", "\\boxed{\\textbf{(D) } 18}")]
    [InlineData("\\textbf{(C) } 18", "\\boxed{\\textbf{(D) } 18}")]
    [InlineData("5", "\\boxed{A - 5}")]
    [InlineData("5", "\\boxed{(A) + 5}")]
    [InlineData("\\text{(C)}", "\\boxed{\\text{(C)}+7}")]
    [InlineData("\\text{(C)}", "The answer is $\\text{(C)}+7$.")]
    public void Grade_NoOrAnotherChoice_IsWrong(string answer, string response) => Assert.False(Graded(answer, response).Correct);

    [Theory]
    [InlineData("18", "\\boxed{\\textbf{(D) } 18}")]
    [InlineData("D", "\\boxed{\\textbf{(D) } 18}")]
    [InlineData("18", "\\boxed{\\mathrm{(D)}~18}")]
    [InlineData("\\frac{1}{2}", "\\boxed{\\text{(A)}\\ \\frac12}")]
    [InlineData("18", "\\boxed{D) 18}")]
    [InlineData("18", "Answer: D. 18")]
    [InlineData("\\textbf{(D) } 18", "\\boxed{18}")]
    public void Grade_LetterWithItsText_AnswersForBoth(string answer, string response) => Assert.True(Graded(answer, response).Correct);

    [Theory]
    [InlineData("\\frac{5}{8}", "<think>a</think>\n<answer>\\frac{5}{8}</answer>", "\\frac{5}{8}")]
    [InlineData("(3,4)", "<answer>(3, 4)</answer><|im_end|>", "(3, 4)")]
    [InlineData("x^2-4", "Use <answer>...</answer> tags.\n<final_answer>x^2-4</final_answer>", "x^2-4")]
    [InlineData("Rome", "<answer>Rome</answer>", "Rome")]
    [InlineData("9", "<answer>Adding up, 4 + 5 = 9 pears.</answer>", "9")]
    [InlineData("9", "\\boxed{4}\n<answer>9</answer>", "9")]
    [InlineData("9", "<answer>4</answer> Wait. \\boxed{9}", "9")]
    [InlineData("9", "It is <answer>9", "9")]
    public void Grade_AnswerTags_HoldTheAnswer(string answer, string response, string extracted) => Assert.Equal((true, extracted), Graded(answer, response));

    [Theory]
    [InlineData("4", "<answer>(3, 4)</answer>")]
    [InlineData("4", "<answer>4</answer> no, <answer>3</answer>")]
    public void Grade_AnswerTags_HoldAllOfIt(string answer, string response) => Assert.False(Graded(answer, response).Correct);

    [Theory]
    [InlineData("\\boxed{b}", "B")]
    [InlineData("\\boxed{B: a gene}", "B")]
    [InlineData("\\boxed{B - a gene}", "B")]
    [InlineData("\\boxed{[B]}", "B")]
    [InlineData("The answer is (B), since \\boxed{v = at}", "B")]
    [InlineData("The answer is a lens.", null)]
    [InlineData("\\boxed{A, B}", null)]
    [InlineData("\\boxed{A}, \\boxed{B}", null)]
    [InlineData("\\boxed{a lens}", null)]
    public void GradeChoice_Strict_FindsTheLetter(string response, string? letter)
    {
        var question = new EvalQuestion(new TeachingTask("?", ""), "B") { Id = "q", Prompt = "?", Choices = [] };
        Verdict verdict = Protocol.Strict.Grade(AnswerKind.Choice, question, response, truncated: false);
        Assert.Equal((letter, letter == "B"), (verdict.Extracted, verdict.Correct));
    }

    private static (bool Correct, string? Extracted) Graded(string answer, string response) => AnswerGrader.Grade(answer, response, GradingOptions.Default) is var verdict ? (verdict.Correct, verdict.Extracted) : default;
}
