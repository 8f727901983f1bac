using System.Globalization;

namespace Rlt.Coverage;

/// <summary>A benchmark to simulate: what is asked how often, and how hard the questions are.</summary>
/// <param name="Questions">n.</param>
/// <param name="Samples">k, of each question.</param>
/// <param name="Mean">The mean over questions of the chance that a sample is right.</param>
/// <param name="Sum">a + b of the beta distribution that the questions' chances have: infinite where all are equal, 0 where each is 0 or 1.</param>
/// <param name="Mean2">The second model's mean where two are compared; null for one model alone.</param>
/// <param name="Agreement">The share of questions that have the same rank in difficulty for both models; the others' ranks are unrelated.</param>
/// <param name="Seeds">Seeds of a study.</param>
/// <param name="SeedDeviation">The standard deviation between seeds of all questions' log odds.</param>
internal sealed record Design(int Questions, int Samples, double Mean, double Sum, double? Mean2, double Agreement, int Seeds, double SeedDeviation)
{
    /// <summary>Reads a design: <c>n=30 k=16 mean=0.05 difficulty=beta:2</c>, in any order.</summary>
    /// <exception cref="FormatException">It cannot be read; the message says what is wrong.</exception>
    public static Design Parse(string text)
    {
        var fields = new Dictionary<string, string>();
        foreach (string part in text.Split((char[])[' ', ';'], StringSplitOptions.RemoveEmptyEntries))
        {
            string[] pair = part.Split('=');
            if (pair.Length != 2 || pair[0] is not ("n" or "k" or "mean" or "difficulty" or "mean2" or "agreement" or "seeds" or "seed_deviation") || !fields.TryAdd(pair[0], pair[1]))
            {
                throw new FormatException($"'{part}' in design '{text}'; expected n=, k=, mean=, difficulty=, mean2=, agreement=, seeds=, seed_deviation=, each once.");
            }
        }

        (double? mean, double sum) = Difficulty(fields.GetValueOrDefault("difficulty", "even"), text);
        return new Design(
            (int)Number("n", 2, 100_000, null, whole: true), (int)Number("k", 1, 10_000, 1, whole: true), Number("mean", 0, 1, mean), sum,
            fields.ContainsKey("mean2") ? Number("mean2", 0, 1, null) : null, Number("agreement", 0, 1, 1),
            (int)Number("seeds", 1, 1000, 1, whole: true), Number("seed_deviation", 0, 10, 0));

        double Number(string name, double least, double most, double? otherwise, bool whole = false)
        {
            if (!fields.TryGetValue(name, out string? value) && otherwise is { } given)
            {
                return given;
            }

            return double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number >= least && number <= most && (!whole || number == Math.Floor(number))
                ? number
                : throw new FormatException($"{name} is '{value}' in design '{text}'; expected a {(whole ? "whole " : "")}number from {least} to {most}.");
        }
    }

    private static (double? Mean, double Sum) Difficulty(string text, string design)
    {
        string[] parts = text.Replace('(', ':').Replace(',', ':').TrimEnd(')').Split(':');
        double[] numbers = [.. parts.Skip(1).Select(part => double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out double n) && n is > 0 and < 1e6 ? n : double.NaN)];
        return (parts[0], numbers) switch
        {
            ("even", []) => (null, double.PositiveInfinity),
            ("all-or-nothing", []) => (null, 0),
            ("beta", [var sum]) when sum > 0 => (null, sum),
            ("beta", [var a, var b]) when a > 0 && b > 0 => (a / (a + b), a + b),
            _ => throw new FormatException($"difficulty is '{text}' in design '{design}'; expected even, all-or-nothing, beta:A:B, or beta:SUM (a + b, with mean=)."),
        };
    }
}
