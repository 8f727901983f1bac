namespace Rlt.Text.Tokenization.PostProcessing;

/// <summary>Changes the tokens of a whole text at the end: adds special tokens, narrows ranges.</summary>
internal abstract class PostProcessor
{
    /// <summary>Changes the tokens of a text; adds special tokens only if asked to.</summary>
    public abstract void Apply(string text, List<int> ids, List<TextSpan> offsets, bool addSpecialTokens);
}

/// <summary>Puts the special tokens of a template around the text.</summary>
internal sealed class TemplatePostProcessor(IReadOnlyList<int> before, IReadOnlyList<int> after) : PostProcessor
{
    /// <inheritdoc/>
    public override void Apply(string text, List<int> ids, List<TextSpan> offsets, bool addSpecialTokens)
    {
        if (addSpecialTokens)
        {
            ids.InsertRange(0, before);
            offsets.InsertRange(0, before.Select(_ => default(TextSpan)));
            ids.AddRange(after);
            offsets.AddRange(after.Select(_ => default(TextSpan)));
        }
    }
}

/// <summary>Takes as many characters off the ends of a token's range as the token has white space there.</summary>
internal sealed class TrimOffsetsPostProcessor(bool addsPrefixSpace, Func<int, string?> tokenOf) : PostProcessor
{
    /// <inheritdoc/>
    public override void Apply(string text, List<int> ids, List<TextSpan> offsets, bool addSpecialTokens)
    {
        for (int i = 0; i < ids.Count; i++)
        {
            string token = tokenOf(ids[i]) ?? "";
            int leading = token.TakeWhile(IsSpace).Count();
            int trailing = token.Reverse().TakeWhile(IsSpace).Count();
            var (start, end) = offsets[i];

            // One space at the very start was put in front of the text, is not in it and takes nothing away.
            leading = leading == 1 && addsPrefixSpace && (i == 0 || start == 0) ? 0 : leading;
            for (; leading > 0 && start < end; leading--)
            {
                CodePoints.At(text, start, end, out int length);
                start += length;
            }

            for (; trailing > 0 && end > start; trailing--)
            {
                end = CodePoints.Before(text, end, start);
            }

            offsets[i] = new TextSpan(start, end);
        }
    }

    private static bool IsSpace(char c) => c == 'Ġ' || char.IsWhiteSpace(c);
}
