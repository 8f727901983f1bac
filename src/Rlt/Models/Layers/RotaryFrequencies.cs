using Rlt.Models.Plans;

namespace Rlt.Models.Layers;

/// <summary>The angular frequency of each pair of a head's dimensions, with the checkpoint's long-context scaling.</summary>
public static class RotaryFrequencies
{
    /// <summary>
    /// Lists of frequencies in radians per position, one a pair of turned dimensions, and the factor by which cosines and sines are multiplied. There is
    /// one list, or one for short sequences and one for long ones (longrope).
    /// </summary>
    public static (double[][] Frequencies, double AttentionScale) For(RotaryPlan plan)
    {
        int turned = plan.TurnedPairs ?? plan.Dimensions / 2;
        double[] plain = [.. Enumerable.Range(0, plan.Dimensions / 2).Select(i => i < turned ? Math.Pow(plan.Theta, -2.0 * i / plan.Dimensions) : 0)];
        return plan.Scaling switch
        {
            RopeScaling.Linear linear => ([[.. plain.Select(f => f / linear.Factor)]], 1),
            RopeScaling.Llama3 llama3 => ([[.. plain.Select(f => Llama3(f, llama3))]], 1),
            RopeScaling.Yarn yarn => Yarn(plain, yarn, plan),
            RopeScaling.LongRope lists => ([Divided(lists.ShortFactors), Divided(lists.LongFactors)], lists.AttentionFactor),
            _ => ([plain], 1),
        };

        double[] Divided(IReadOnlyList<double> factors) => [.. plain.Zip(factors, (frequency, factor) => frequency / factor)];
    }

    // Long waves are stretched by the factor, short ones kept, those between blended (Llama 3.1's published rule).
    private static double Llama3(double frequency, RopeScaling.Llama3 scaling)
    {
        double wavelength = 2 * Math.PI / frequency;
        double longest = scaling.OriginalPositions / scaling.LowFrequencyFactor;
        double shortest = scaling.OriginalPositions / scaling.HighFrequencyFactor;
        if (wavelength > longest)
        {
            return frequency / scaling.Factor;
        }

        if (wavelength < shortest)
        {
            return frequency;
        }

        double smooth = ((scaling.OriginalPositions / wavelength) - scaling.LowFrequencyFactor) / (scaling.HighFrequencyFactor - scaling.LowFrequencyFactor);
        return ((1 - smooth) * frequency / scaling.Factor) + (smooth * frequency);
    }

    // YaRN (arXiv 2309.00071): a linear ramp between the dimensions that make betaFast and betaSlow turns over the original context.
    private static (double[][] Frequencies, double AttentionScale) Yarn(double[] plain, RopeScaling.Yarn scaling, RotaryPlan plan)
    {
        double first = DimensionOf(scaling.BetaFast);
        double last = DimensionOf(scaling.BetaSlow);
        double low = Math.Max(0, scaling.Truncate ? Math.Floor(first) : first);
        double high = Math.Min(plan.Dimensions - 1, scaling.Truncate ? Math.Ceiling(last) : last);
        double span = high > low ? high - low : 0.001;
        double[] blended = [.. plain.Select((f, i) =>
        {
            double interpolate = Math.Clamp((i - low) / span, 0, 1);
            return (f / scaling.Factor * interpolate) + (f * (1 - interpolate));
        })];
        return ([blended], scaling.AttentionFactor ?? YarnScale(scaling));

        double DimensionOf(double turns) =>
            plan.Dimensions * Math.Log(scaling.OriginalPositions / (turns * 2 * Math.PI)) / (2 * Math.Log(plan.Theta));
    }

    private static double YarnScale(RopeScaling.Yarn scaling)
    {
        return scaling is { MagnitudeScale: { } one and not 0, MagnitudeScaleAllDimensions: { } all and not 0 } ? Magnitude(one) / Magnitude(all) : Magnitude(1);

        double Magnitude(double weight) => scaling.Factor <= 1 ? 1 : (0.1 * weight * Math.Log(scaling.Factor)) + 1;
    }
}
