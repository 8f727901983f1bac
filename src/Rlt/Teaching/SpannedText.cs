using Rlt.Text.Tokenization;

namespace Rlt.Teaching;

/// <summary>A text being put together whose parts' places are remembered.</summary>
/// <param name="Text">The whole text.</param>
/// <param name="Explanation">Where the explanation stands, the padding after its opening tag left out.</param>
/// <param name="Solution">Where the solution stands, its leading padding left out; empty in the teacher's text.</param>
public sealed record SpannedText(string Text, TextSpan Explanation, TextSpan Solution);
