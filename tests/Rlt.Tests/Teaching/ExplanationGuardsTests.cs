using System.Text.Json.Nodes;
using Rlt.Runs;
using Rlt.Teaching;
using Rlt.Teaching.Rewards;

namespace Rlt.Tests.Teaching;

public sealed class ExplanationGuardsTests
{
    [Theory]
    [InlineData("The answer is 41. First we add. Then we take away. So it is done now, and all is well here.", "41", true)]
    [InlineData("First we add 20 and 21. Then nothing more is to be done, since the sum is what was asked: it is 41.", "41", false)]
    [InlineData("We have 410 at first. Then we divide that by ten and so we get the number which was asked for.", "41", false)]
    [InlineData("", "41", false)]
    public void LeaksEarly_AnswerInTheFirstFifth_IsFound(string explanation, string answer, bool expected) =>
        Assert.Equal(expected, ExplanationGuards.LeaksEarly(explanation, answer));

    [Fact]
    public void LeaksEarly_NoAnswer_IsFalse() => Assert.False(ExplanationGuards.LeaksEarly("the answer is 41", null));

    [Fact]
    public void CopiedShare_HalfOfTheRuns_IsHalf()
    {
        // The solution's runs of four: "a b c d" and "b c d e"; the explanation has the first.
        Assert.Equal(0.5, ExplanationGuards.CopiedShare("see a b c d and stop", "a b c d e"));
        Assert.Equal(1, ExplanationGuards.CopiedShare("a b c d e", "a b c d e"));
        Assert.Equal(0, ExplanationGuards.CopiedShare("a b c d e", "a b"));
    }

    [Fact]
    public void RepeatedShare_SameSentenceThrice_IsTwoThirdsAtLeast()
    {
        Assert.Equal(0, ExplanationGuards.RepeatedShare("one two three four five"));
        Assert.Equal(2.0 / 3, ExplanationGuards.RepeatedShare("a a a a a a"), 1e-9);
    }

    [Fact]
    public void Signs_OfAnExplanation_AreTheGuardsFigures()
    {
        var task = new TeachingTask("20 + 21?", "a b c d e") { Answer = "41" };
        Assert.Equal(new ExplanationSigns(1, 0.5, 0), ExplanationSigns.Of("41 it is and a b c d stops", task));
        Assert.Equal(new ExplanationSigns(0, 0, 0), ExplanationSigns.Of("", task));
    }

    [Fact]
    public void SilentFailures_HealthyStep_SaysNothing() =>
        Assert.Empty(SilentFailures.Of(new JsonObject { ["step"] = 3, ["empty"] = 0.1, ["truncated"] = 0, ["sampler_difference"] = 1e-5 }));

    [Fact]
    public void SilentFailures_EmptyExplanations_AreNamedWithNumberAndAdvice()
    {
        string warning = Assert.Single(SilentFailures.Of(new JsonObject { ["step"] = 10, ["empty"] = 0.9 }));
        Assert.Equal("explanations are empty: empty is 0.9 at step 10; the KL term outweighs the solution's; lower reward.think_kl.mean", warning);
    }
}
