namespace Rlt.Text.Tokenization;

/// <summary>A text's tokens, and where in the text each one comes from.</summary>
/// <param name="Ids">Token ids.</param>
/// <param name="Offsets">
/// For every id the UTF-16 range of the original text; a character whose bytes are spread over several tokens is wholly in the range of
/// each. Tokens that the post-processor added have the empty range at 0.
/// </param>
public sealed record Encoding(int[] Ids, TextSpan[] Offsets);
