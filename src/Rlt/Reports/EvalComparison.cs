using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Rlt.Evaluation;
using Rlt.Statistics;

namespace Rlt.Reports;

/// <summary>Two runs of one benchmark, question by question.</summary>
/// <param name="Benchmark">Its name.</param>
/// <param name="Questions">Questions that both runs answered.</param>
/// <param name="Unpaired">Questions of one run alone; they do not count.</param>
/// <param name="First">The first run's accuracy on them.</param>
/// <param name="Second">The second's.</param>
/// <param name="Difference">The interval of second minus first.</param>
/// <param name="PValue">Of the paired test, not corrected for other benchmarks.</param>
/// <param name="Gained">Questions of which the second run has a larger share right.</param>
/// <param name="Lost">Those of which it has a smaller one.</param>
public sealed record EvalComparison(
    string Benchmark, int Questions, int Unpaired, double First, double Second,
    Interval Difference, double PValue, IReadOnlyList<string> Gained, IReadOnlyList<string> Lost)
{
    /// <summary>Below this a difference is claimed.</summary>
    public const double Level = 0.05;

    private const int MostListed = 20;

    /// <summary>Compares the rows of two runs.</summary>
    /// <exception cref="DataException">They share no question, expect different answers, or name two questions alike.</exception>
    public static EvalComparison Of(string benchmark, IEnumerable<JsonObject> first, IEnumerable<JsonObject> second)
    {
        (Dictionary<string, JsonObject[]> before, Dictionary<string, JsonObject[]> after) = (ById(benchmark, first), ById(benchmark, second));
        string[] shared = [.. before.Keys.Where(after.ContainsKey)];
        if (shared.Length == 0)
        {
            throw new DataException($"{benchmark}: the two runs have no question in common; expected runs on the same data.");
        }

        if (shared.FirstOrDefault(id => before[id][0]["answer"]?.ToString() != after[id][0]["answer"]?.ToString()) is { } other)
        {
            throw new DataException($"{benchmark}: question '{other}' has answer '{before[other][0]["answer"]}' in "
                + $"the first run and '{after[other][0]["answer"]}' in the second; expected runs on the same data.");
        }

        double[][] one = [.. shared.Select(id => Scores(before[id]))], two = [.. shared.Select(id => Scores(after[id]))];
        double[] differences = [.. one.Zip(two, (a, b) => b.Average() - a.Average())];
        return new EvalComparison(
            benchmark, shared.Length, before.Count
                + after.Count - (2 * shared.Length), one.Average(scores => scores.Average()), two.Average(scores => scores.Average()),
            QuestionInterval.OfDifference(one, two), PairedTest.PValue(differences),
            [.. shared.Where((_, i) => differences[i] > 0)], [.. shared.Where((_, i) => differences[i] < 0)]);
    }

    /// <summary>The comparisons as Markdown; a difference is claimed only below <see cref="Level"/> after Holm's correction over the benchmarks.</summary>
    public static string Markdown(IReadOnlyList<EvalComparison> comparisons)
    {
        double[] corrected = PairedTest.Holm([.. comparisons.Select(comparison => comparison.PValue)]);
        var text = new StringBuilder("| benchmark | questions | A | B | B − A (95% interval) | p | verdict |\n|---|---|---|---|---|---|---|\n");
        for (int i = 0; i < comparisons.Count; i++)
        {
            EvalComparison comparison = comparisons[i];
            string verdict = corrected[i] >= Level ? "no difference beyond the noise" : comparison.Second > comparison.First ? "B is better" : "A is better";
            text.Append(CultureInfo.InvariantCulture,
                $"| {comparison.Benchmark} | {comparison.Questions} | {Percent(comparison.First)} | {Percent(comparison.Second)} | ");
            text.Append(CultureInfo.InvariantCulture, $"{Points(comparison.Second - comparison.First)} ({Points(comparison.Difference.Low)} "
                + $"to {Points(comparison.Difference.High)}) | {corrected[i]:0.000} | {verdict} |\n");
        }

        foreach (EvalComparison comparison in comparisons)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n{comparison.Benchmark}: gained {comparison.Gained.Count}{Listed(comparison.Gained)}; "
                + $"lost {comparison.Lost.Count}{Listed(comparison.Lost)}");
            text.Append(comparison.Unpaired == 0 ? "\n" : $"; {comparison.Unpaired} questions of one run alone are left out\n");
        }

        return text.ToString().TrimEnd();
    }

    private static Dictionary<string, JsonObject[]> ById(string benchmark, IEnumerable<JsonObject> rows)
    {
        var questions = new Dictionary<string, JsonObject[]>();
        foreach (IGrouping<int, JsonObject> question in rows.GroupBy(row => EvalRow.Key(row).Index))
        {
            string id = EvalRow.Id(question.First());
            if (!questions.TryAdd(id, [.. question]))
            {
                throw new DataException($"{benchmark}: two questions have the id '{id}'; expected an id of its own for each, or no ids.");
            }
        }

        return questions;
    }

    private static double[] Scores(JsonObject[] rows) => [.. rows.Select(EvalRow.Score)];

    private static string Listed(IReadOnlyList<string> ids) =>
        ids.Count == 0 ? "" : $" ({string.Join(", ", ids.Take(MostListed))}{(ids.Count > MostListed ? ", …" : "")})";

    private static string Percent(double share) => (100 * share).ToString("0.0", CultureInfo.InvariantCulture) + "%";

    /// <summary>A difference of shares in points, with its sign.</summary>
    internal static string Points(double share) => (100 * share).ToString("+0.0;−0.0;0.0", CultureInfo.InvariantCulture);
}
