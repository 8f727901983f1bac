using Rlt.Serving.Answers;
using Rlt.Tests.Data;
using Rlt.Text.Tokenization;

namespace Rlt.Tests.Serving;

public sealed class AnswerTextTests
{
    [Theory]
    [InlineData("abcabd!", "abd", false, "abc", "abd")]
    [InlineData("abcabd!", "abd", true, "abcabd", "abd")]
    [InlineData("aab", "ab", false, "a", "ab")]
    [InlineData("abab", "abc", false, "abab", null)]
    [InlineData("xyz", "q", false, "xyz", null)]
    public void Add_LetterByLetter_NeverShowsAStopText(string text, string stop, bool include, string expected, string? ended)
    {
        using var scratch = new ScratchDirectory();
        TinyDirectory.WriteTokenizer(scratch["model"]);
        var tokenizer = Tokenizer.Load(scratch["model"]);
        var answer = new AnswerText(tokenizer.OpenDecodeStream(), [stop, "never"], include);
        string shown = "";
        foreach (char letter in text)
        {
            shown += answer.Add(tokenizer.Encode($"{letter}", addSpecialTokens: false).Ids.Single());
            Assert.StartsWith(shown, expected, StringComparison.Ordinal);
        }

        Assert.Equal((expected, ended), (shown + answer.Finish(), answer.Stop));
    }
}
