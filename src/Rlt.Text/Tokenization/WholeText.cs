namespace Rlt.Text.Tokenization;

/// <summary>The tokens of a text that may already have the tokens which the tokenizer sets around texts.</summary>
public static class WholeText
{
    /// <summary>
    /// Encodes a text with the tokenizer's first and last tokens, such as BOS and EOS: those that the text begins or ends with are not added again.
    /// </summary>
    public static int[] EncodeWhole(this Tokenizer tokenizer, string text)
    {
        int[] plain = tokenizer.Encode(text, addSpecialTokens: false).Ids, full = tokenizer.Encode(text).Ids;
        int added = full.Length - plain.Length;
        int first = added > 0 ? Enumerable.Range(0, added + 1).FirstOrDefault(start => full.AsSpan(start, plain.Length).SequenceEqual(plain), -1) : -1;
        if (first < 0)
        {
            return full;
        }

        int[] before = full[..first], after = full[(first + plain.Length)..];
        bool begins = before.Length > 0 && WithoutBlanks(plain, tokenizer).AsSpan().StartsWith(before);
        bool ends = after.Length > 0 && WithoutBlanks(plain, tokenizer).AsSpan().EndsWith(after);
        return [.. begins ? [] : before, .. plain, .. ends ? [] : after];
    }

    /// <summary>The place of the last token that is no blank space; -1 where there is none.</summary>
    public static int LastWord(IReadOnlyList<int> ids, Tokenizer tokenizer)
    {
        int at = ids.Count - 1;
        while (at >= 0 && IsBlank(ids[at], tokenizer))
        {
            at--;
        }

        return at;
    }

    private static int[] WithoutBlanks(int[] ids, Tokenizer tokenizer)
    {
        int from = Array.FindIndex(ids, id => !IsBlank(id, tokenizer));
        return from < 0 ? [] : ids[from..(LastWord(ids, tokenizer) + 1)];
    }

    private static bool IsBlank(int id, Tokenizer tokenizer) => !tokenizer.IsSpecial(id) && string.IsNullOrWhiteSpace(tokenizer.Decode([id]));
}
