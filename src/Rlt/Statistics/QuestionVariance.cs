using MathNet.Numerics.Distributions;

namespace Rlt.Statistics;

/// <summary>How much the questions tell of a mean over questions, where seeds, questions and samples vary.</summary>
/// <remarks>
/// The questions' values are the independent observations; samples of one question are not: their noise is in the variance between questions
/// already. Over several seeds the variance is that of a mean of crossed random effects, seeds × questions (Searle, Casella and McCulloch,
/// Variance Components, 1992, ch. 4); each part is taken at its own t, squares added (Howe, J. Am. Stat. Assoc. 69 (1974) 789): with
/// degrees of freedom for the sum, seeds that came out alike by chance would pass for a variance that is well known.
/// A variance between few unlike questions is known badly, and no better than its fourth moment says: n questions are worth
/// ν = 2n / (κ − 1) degrees of freedom, κ their kurtosis. Where a few questions make up nearly all of the variance, κ itself comes out too low, so
/// <see cref="Unseen"/> degrees are taken off, in proportion. What remains of the variance when all questions are all or nothing follows
/// from the mean alone and needs no estimate: of a variance that is the part D of that largest one, (1 − D) is estimated.
/// </remarks>
/// <param name="Effective">All-or-nothing questions that would have this variance.</param>
/// <param name="Quantile">The standard errors that a 95% interval goes to each side.</param>
internal readonly record struct QuestionVariance(double Effective, double Quantile)
{
    private const double Upper = 0.975;

    // Chosen by measurement (scripts/coverage.sh), from 0 to 4: the least that covers a few hard questions among many impossible ones.
    private const double Unseen = 3;

    // From here on the first two terms of t's expansion about the normal quantile are right to six digits.
    private const double ManyDegrees = 200;

    private static double Normal { get; } = MathNet.Numerics.Distributions.Normal.InvCDF(0, 1, Upper);

    /// <summary>The measure.</summary>
    /// <param name="seeds">For each seed, the questions' values.</param>
    /// <param name="samples">Samples that a value is the mean of, at least: how independent they are is not known where no value differs.</param>
    /// <param name="largest">The variance of one question's value if every question were all or nothing, at the mean found.</param>
    public static QuestionVariance Of(IReadOnlyList<double[]> seeds, int samples, double largest)
    {
        int questions = seeds.Min(seed => seed.Length);
        if (largest <= 0)
        {
            return new QuestionVariance(questions, Normal);
        }

        if (seeds.Any(seed => seed.Length != questions))
        {
            return Nested(seeds, largest);
        }

        double[] means = [.. Enumerable.Range(0, questions).Select(q => seeds.Average(seed => seed[q]))];
        double between = Variance(means) ?? largest;
        double part = between > 0 ? Math.Min(1, between / largest) : 1.0 / (samples * seeds.Count);
        double degrees = Degrees(means) / ((1 - part) * (1 - part));
        return seeds.Count == 1 ? Single(questions, part, degrees) : Crossed(seeds, means, largest, part * largest / questions, degrees);
    }

    // However badly the variance is known, it is at most that of all-or-nothing questions.
    private static QuestionVariance Single(int questions, double part, double degrees) =>
        new(questions / part, Math.Min(T(degrees), Normal / Math.Sqrt(part)));

    // Questions differ, seeds differ, and what is left is in both: V = (MS questions + (MS seeds − MS rest)) / (seeds · questions), no part below 0.
    private static QuestionVariance Crossed(IReadOnlyList<double[]> seeds, double[] means, double largest, double ofQuestions, double degrees)
    {
        int count = seeds.Count, questions = means.Length;
        double[] bySeed = [.. seeds.Select(seed => seed.Average())];
        double all = means.Average(), rest = 0;
        for (int s = 0; s < count; s++)
        {
            for (int q = 0; q < questions; q++)
            {
                double left = seeds[s][q] - bySeed[s] - means[q] + all;
                rest += left * left;
            }
        }

        double restDegrees = (count - 1.0) * Math.Max(1, questions - 1);
        double ofSeeds = Variance(bySeed)!.Value / count, ofRest = rest / restDegrees / count / questions;
        // Few seeds may come out more alike than what is left would make them by itself: the fewer, the less of it is taken off (chosen by measurement).
        double seedsAlone = Math.Max(0, ofSeeds - (ofRest * (count - 1) / (count + 1))), variance = ofQuestions + seedsAlone;
        double square = (T(degrees) * T(degrees) * ofQuestions) + (T(count - 1) * T(count - 1) * seedsAlone);
        return new QuestionVariance(largest / variance, Math.Sqrt(square / variance));
    }

    // Questions of their own for each seed: the seeds' means hold all that varies.
    private static QuestionVariance Nested(IReadOnlyList<double[]> seeds, double largest)
    {
        double within = seeds.Sum(seed => (Variance(seed) ?? largest) / seed.Length) / seeds.Count / seeds.Count;
        double variance = Math.Max(within, Variance([.. seeds.Select(seed => seed.Average())])!.Value / seeds.Count);
        return new QuestionVariance(largest / variance, T(seeds.Count - 1));
    }

    private static double Degrees(double[] values)
    {
        double mean = values.Average(), second = 0, fourth = 0;
        foreach (double value in values)
        {
            double square = (value - mean) * (value - mean);
            second += square;
            fourth += square * square;
        }

        double most = Math.Max(1, values.Length - 1);
        if (second <= 0)
        {
            return most;
        }

        double kurtosis = values.Length * fourth / (second * second);
        double told = Math.Min(most, 2 * values.Length / Math.Max(kurtosis - 1, double.Epsilon));
        return Math.Max(1, told - (Unseen * (1 - (told / most))));
    }

    private static double T(double degrees) => degrees >= ManyDegrees || double.IsNaN(degrees) ? Expanded(degrees) : StudentT.InvCDF(0, 1, degrees, Upper);

    // Source: Abramowitz and Stegun 26.7.5.
    private static double Expanded(double degrees) => double.IsFinite(degrees)
        ? Normal + ((Math.Pow(Normal, 3) + Normal) / (4 * degrees))
            + (((5 * Math.Pow(Normal, 5)) + (16 * Math.Pow(Normal, 3)) + (3 * Normal)) / (96 * degrees * degrees))
        : Normal;

    private static double? Variance(double[] values)
    {
        double mean = values.Average();
        return values.Length < 2 ? null : values.Sum(value => (value - mean) * (value - mean)) / (values.Length - 1);
    }
}
