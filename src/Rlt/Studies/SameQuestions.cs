using Rlt.Studies.Sources;

namespace Rlt.Studies;

/// <summary>Whether two evaluations can be paired.</summary>
internal static class SameQuestions
{
    /// <summary>Refuses a pair that was not asked the same.</summary>
    /// <exception cref="DataException">A question is of one run alone, or its expected answer is another.</exception>
    public static void Require(EvalScores one, EvalScores other)
    {
        string? alone = one.Ids.Except(other.Ids).Concat(other.Ids.Except(one.Ids)).FirstOrDefault();
        if (alone is not null)
        {
            (string has, string lacks) = one.Ids.Contains(alone) ? (one.Folder, other.Folder) : (other.Folder, one.Folder);
            throw new DataException($"{one.Folder} and {other.Folder}: question '{alone}' is in {has}, not in {lacks}; "
                + "arms that are compared must be evaluated on the same questions. Evaluate both on the same data.");
        }

        int unlike = Enumerable.Range(0, one.Ids.Count).FirstOrDefault(i => one.Answers[i] != other.Answers[i], -1);
        if (unlike >= 0)
        {
            throw new DataException($"{one.Folder} and {other.Folder}: question '{one.Ids[unlike]}' has another expected answer in each; "
                + "arms that are compared must be evaluated on the same questions. Evaluate both on the same data.");
        }
    }
}
