namespace Rlt.Statistics;

/// <summary>Whether the most frequent answer is right (self-consistency, maj@k over all samples).</summary>
public static class MajorityVote
{
    /// <summary>The score of one question, 0 to 1: a tie counts as the share of right answers among those that tie.</summary>
    /// <param name="votes">The samples' extracted answers, null for none, and whether they are right. A sample without answer has no vote.</param>
    /// <param name="same">Whether two wrong answers are the same; right ones are.</param>
    public static double Score(IReadOnlyList<(string? Answer, bool Correct)> votes, Func<string, string, bool> same)
    {
        var groups = new List<(string Answer, bool Correct, int Votes)>();
        foreach ((string? answer, bool correct) in votes)
        {
            if (answer is null)
            {
                continue;
            }

            int group = groups.FindIndex(other => other.Correct == correct && (correct || same(other.Answer, answer)));
            if (group < 0)
            {
                groups.Add((answer, correct, 1));
            }
            else
            {
                groups[group] = groups[group] with { Votes = groups[group].Votes + 1 };
            }
        }

        int most = groups.Count == 0 ? 0 : groups.Max(group => group.Votes);
        return groups.Count == 0 ? 0 : groups.Where(group => group.Votes == most).Average(group => group.Correct ? 1.0 : 0);
    }
}
