using System.Text.Json.Nodes;
using Rlt.Grading;

namespace Rlt.Tests.Grading;

/// <summary>Agreement with the cases of Math-Verify's test suite.</summary>
public sealed class GoldenGradingTests
{
    private const string File = "grading/math_verify.jsonl";

    // Each disagreement, and why a careful mathematician sides with us.
    private static readonly Dictionary<int, string> Disagreements = new()
    {
        [31] = "expects that '$', a line break, 9, a line break, '$' states no answer: the response states 9 all the same, as LaTeX typesets it",
        [258] = "expects 1 + 1/e to be 1 - 1/e: they differ",
    };

    [GoldenFact(File)]
    public void Grade_MathVerifyCases_AgreeButForTheListed()
    {
        JsonObject[] rows = [.. Golden.LinesOrNone(File)];
        int[] different = [.. rows.Where(row => Grade(row) != row["expected"]!.GetValue<bool>()).Select(row => row["id"]!.GetValue<int>()).Order()];
        Assert.Equal(Disagreements.Keys.Order(), different);
        Assert.True(different.Length <= 0.05 * rows.Length);
    }

    private static bool Grade(JsonObject row) => AnswerGrader.Grade(row["answer"]!.GetValue<string>(), row["response"]!.GetValue<string>(), new GradingOptions
    {
        Precision = row["precision"]?.GetValue<int>() ?? GradingOptions.Default.Precision,
        Strict = row["strict"]?.GetValue<bool>() ?? GradingOptions.Default.Strict,
        AllowSetRelationComparison = row["allow_set_relation_comp"]?.GetValue<bool>() ?? GradingOptions.Default.AllowSetRelationComparison,
    }).Correct;
}
