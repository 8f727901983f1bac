namespace Rlt.Text.Tokenization.Models;

/// <summary>How a byte-pair model treats its input.</summary>
/// <param name="ByteLevel">Whether its symbols are the UTF-8 bytes of the text, written in the byte alphabet.</param>
/// <param name="IgnoreMerges">Whether a piece that is a token as a whole is not taken apart.</param>
/// <param name="ByteFallback">Whether unknown characters become tokens such as <c>&lt;0xE2&gt;</c>.</param>
/// <param name="UnknownId">The token for characters that nothing else covers; without one they are dropped.</param>
/// <param name="FusesUnknown">Whether unknown characters side by side are one token.</param>
internal sealed record BpeOptions(bool ByteLevel, bool IgnoreMerges, bool ByteFallback, int? UnknownId, bool FusesUnknown);
