using Rlt.Models;

namespace Rlt.Training.Sft;

/// <summary>The token sequences that supervised fine-tuning learns.</summary>
/// <param name="Sequences">One for each row with something to learn, in the file's order.</param>
/// <param name="Cut">How many of them were cut.</param>
/// <param name="TurnEnd">The special token in which most of the texts end, blank space left aside; null where they end in none.</param>
/// <param name="Warnings">What a user should know of the rows before they are learned.</param>
public sealed record SftExamples(IReadOnlyList<TokenSequence> Sequences, int Cut, int? TurnEnd, IReadOnlyList<string> Warnings);
