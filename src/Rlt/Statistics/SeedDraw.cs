namespace Rlt.Statistics;

/// <summary>One resampling of an experiment: seeds drawn with replacement, and questions for each.</summary>
/// <remarks>
/// Where every seed has as many questions, they are drawn once for all of them. Runs of several seeds are mostly asked the same questions,
/// and a question that is hard is hard for each: drawn apart, the questions' share of the interval would come out too narrow by the root of
/// the number of seeds. Where the questions are others in each seed, drawing them together costs nothing: what they do not have in common
/// averages out. Source: Owen, "The pigeonhole bootstrap" (2007).
/// </remarks>
internal sealed class SeedDraw
{
    private readonly int[] _seeds;
    private readonly int[][] _questions;

    /// <summary>Draws as many seeds, and as many questions, as there are.</summary>
    /// <param name="random">This resampling's draws.</param>
    /// <param name="questions">Each seed's number of questions.</param>
    public SeedDraw(Draws random, int[] questions)
    {
        (_seeds, _questions) = (new int[questions.Length], new int[questions.Length][]);
        bool together = questions.All(count => count == questions[0]);
        for (int i = 0; i < questions.Length; i++)
        {
            _seeds[i] = random.Next(questions.Length);
            _questions[i] = together && i > 0 ? _questions[0] : Questions(random, questions[_seeds[i]]);
        }
    }

    /// <summary>The seeds drawn, some of them more than once.</summary>
    public IReadOnlyList<int> Seeds => _seeds;

    /// <summary>An arm's accuracy with a drawn seed on its drawn questions.</summary>
    /// <param name="draw">Which of <see cref="Seeds"/>.</param>
    /// <param name="arm">The arm's shares of right samples, by seed and question.</param>
    public double Accuracy(int draw, double[][] arm)
    {
        double sum = 0;
        foreach (int question in _questions[draw])
        {
            sum += arm[_seeds[draw]][question];
        }

        return sum / _questions[draw].Length;
    }

    private static int[] Questions(Draws random, int count)
    {
        var drawn = new int[count];
        for (int i = 0; i < count; i++)
        {
            drawn[i] = random.Next(count);
        }

        return drawn;
    }
}
