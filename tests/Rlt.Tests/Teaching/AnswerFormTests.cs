using Rlt.Teaching;

namespace Rlt.Tests.Teaching;

/// <summary>The form of a response: one thought, closed, then an answer.</summary>
public sealed class AnswerFormTests
{
    [Theory]
    [InlineData("<t>\nhm\n</t>\n<s>5</s>", true)]
    [InlineData("  <t>hm</t><s>5</s>\n", true)]
    [InlineData("hm, as the prompt opened the thought\n</t>\n<s>5</s>", true)]
    [InlineData("<t>hm\n<s>5</s>", false)]
    [InlineData("<t>hm</t>", false)]
    [InlineData("<t>hm</t>\n<s></s>", false)]
    [InlineData("<t>hm</t>\n5", false)]
    [InlineData("<t>hm</t>\n<s>5</s> and more", false)]
    [InlineData("<t>one</t><t>two</t>\n<s>5</s>", false)]
    [InlineData("<t>one<t>two</t>\n<s>5</s>", false)]
    [InlineData("", false)]
    public void IsWhole_FormatWithTags(string response, bool whole) => Assert.Equal(whole, AnswerForm.IsWhole(TinyDirectory.Format, response));

    [Theory]
    [InlineData("<t>hm</t>\n5", true)]
    [InlineData("<t>hm</t>\n ", false)]
    [InlineData("5", false)]
    public void IsWhole_FormatWithoutSolutionTags(string response, bool whole) =>
        Assert.Equal(whole, AnswerForm.IsWhole(TinyDirectory.Format with { SolutionOpen = "", SolutionClose = "" }, response));
}
