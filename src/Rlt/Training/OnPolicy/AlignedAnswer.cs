using Rlt.Models;

namespace Rlt.Training.OnPolicy;

/// <summary>One answer as the student and its teacher see it: two contexts, and the same tokens after them.</summary>
/// <param name="Student">The student's prompt and the answer, whose tokens are scored.</param>
/// <param name="Teacher">The teacher's prompt and what of the answer it is asked about.</param>
/// <param name="Places">
/// For each scored token of the student the scored token of the teacher that is the same one; −1 where the teacher is not asked. Null: they go together one
/// by one.
/// </param>
internal sealed record AlignedAnswer(TokenSequence Student, TokenSequence Teacher, int[]? Places)
{
    /// <summary>Whether tokens that the teacher is not asked about are learned as they are: they are given, not drawn.</summary>
    public bool IsGiven { get; init; }

    /// <summary>Whether the token limit cut the answer off.</summary>
    public bool IsTruncated { get; init; }

    /// <summary>Tokens that were drawn; 0 where the answer was given.</summary>
    public int Drawn { get; init; }

    /// <summary>The answer's text; empty where it was given.</summary>
    public string Text { get; init; } = "";

    /// <summary>The tokens that are learned.</summary>
    public int Learned => Places is null || IsGiven ? Student.ScoredCount : Places.Count(place => place >= 0);
}
