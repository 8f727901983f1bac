using Rlt.Grading;

namespace Rlt.Tests.Samples;

/// <summary>The sample of Rlt.Grading's README.</summary>
internal static class GradingSample
{
    public static bool[] Run()
    {
        // begin
        string[] responses =
        [
            @"The sum is 1/4 + 1/4, so the answer is \boxed{\frac{1}{2}}.",
            "It comes to 50%, that is 0.5.",
            "I think it is 0.6.",
        ];
        bool[] right = new bool[responses.Length];
        for (int i = 0; i < responses.Length; i++)
        {
            Verdict verdict = AnswerGrader.Grade("0.5", responses[i], GradingOptions.Default);
            right[i] = verdict.Correct;
            Console.WriteLine($"{verdict.Correct} {verdict.Extracted}");
        }

        string? stated = AnswerGrader.Extract(responses[0]);     // "\frac{1}{2}"
        Console.WriteLine(AnswerGrader.Same("0.5", stated, GradingOptions.Default));
        // end
        return right;
    }
}
