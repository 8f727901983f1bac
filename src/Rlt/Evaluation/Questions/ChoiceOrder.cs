using System.Security.Cryptography;
using System.Text;
using Rlt.Statistics;

namespace Rlt.Evaluation.Questions;

/// <summary>The order in which a question's choices are shown.</summary>
/// <remarks>
/// It depends on the question's text alone: every model and sample sees the same order, in whichever file and place the question stands, so
/// that runs compare question by question. SkyThought draws it from a generator that all questions share.
/// </remarks>
public static class ChoiceOrder
{
    /// <summary>A permutation of 0 … count − 1.</summary>
    public static int[] Of(string question, int count)
    {
        ulong key = RandomStream.Key(BitConverter.ToInt64(SHA256.HashData(Encoding.UTF8.GetBytes(question))));
        int[] order = [.. Enumerable.Range(0, count)];
        for (int last = count - 1; last > 0; last--)
        {
            int other = (int)(RandomStream.Uniform(key, last) * (last + 1));
            (order[last], order[other]) = (order[other], order[last]);
        }

        return order;
    }
}
