namespace Rlt.Text.Tokenization;

/// <summary>A token that is found in the text as it is, before the model sees the rest.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="IsSpecial">Whether it is left out when decoding skips special tokens.</param>
/// <param name="IsNormalized">Whether it is looked for in the normalized text.</param>
/// <param name="SingleWord">Whether it must not touch a word character on either side.</param>
/// <param name="StripsLeft">Whether it takes in the white space before it.</param>
/// <param name="StripsRight">Whether it takes in the white space behind it.</param>
internal sealed record AddedToken(int Id, string Content, bool IsSpecial, bool IsNormalized, bool SingleWord, bool StripsLeft, bool StripsRight)
{
    /// <summary>Reads a token's object, as tokenizer.json and the files beside it write it.</summary>
    /// <param name="part">The object.</param>
    /// <param name="id">The token's id.</param>
    /// <param name="isSpecial">Whether it is special.</param>
    /// <param name="isNormalized">Whether it is looked for in the normalized text where the object does not say.</param>
    public static AddedToken Read(JsonPart part, int id, bool isSpecial, bool isNormalized) => new(
        id,
        part["content"].String(),
        isSpecial,
        part["normalized"].BooleanOr(isNormalized),
        part["single_word"].BooleanOr(false),
        part["lstrip"].BooleanOr(false),
        part["rstrip"].BooleanOr(false));
}
