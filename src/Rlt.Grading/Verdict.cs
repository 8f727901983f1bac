namespace Rlt.Grading;

/// <summary>A response, graded.</summary>
/// <param name="Correct">Whether its final answer is the expected one.</param>
/// <param name="Extracted">Its final answer as it was written; null where it states none.</param>
public readonly record struct Verdict(bool Correct, string? Extracted);
