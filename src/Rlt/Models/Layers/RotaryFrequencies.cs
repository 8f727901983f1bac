namespace Rlt.Models.Layers;

/// <summary>The angular frequency of each pair of a head's dimensions, with the checkpoint's long-context scaling.</summary>
public static class RotaryFrequencies
{
    /// <summary>Returns E/2 frequencies in radians per position, and the factor by which cosines and sines are multiplied (YaRN only).</summary>
    public static (double[] Frequencies, double AttentionScale) For(ModelConfig config)
    {
        double[] plain = [.. Enumerable.Range(0, config.HeadSize / 2).Select(i => Math.Pow(config.RopeTheta, -2.0 * i / config.HeadSize))];
        return config.RopeScaling switch
        {
            null => (plain, 1),
            RopeScaling.Linear linear => ([.. plain.Select(f => f / linear.Factor)], 1),
            RopeScaling.Llama3 llama3 => ([.. plain.Select(f => Llama3(f, llama3))], 1),
            RopeScaling.Yarn yarn => Yarn(plain, yarn, config),
            _ => throw new CheckpointException($"rope_scaling of kind {config.RopeScaling.GetType().Name} is not supported; expected linear, llama3 or yarn"),
        };
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
    private static (double[] Frequencies, double AttentionScale) Yarn(double[] plain, RopeScaling.Yarn scaling, ModelConfig config)
    {
        double first = DimensionOf(scaling.BetaFast);
        double last = DimensionOf(scaling.BetaSlow);
        double low = Math.Max(0, scaling.Truncate ? Math.Floor(first) : first);
        double high = Math.Min(config.HeadSize - 1, scaling.Truncate ? Math.Ceiling(last) : last);
        double span = high > low ? high - low : 0.001;
        double[] blended = [.. plain.Select((f, i) =>
        {
            double interpolate = Math.Clamp((i - low) / span, 0, 1);
            return (f / scaling.Factor * interpolate) + (f * (1 - interpolate));
        })];
        return (blended, scaling.AttentionFactor ?? YarnScale(scaling));

        double DimensionOf(double turns) =>
            config.HeadSize * Math.Log(scaling.OriginalPositions / (turns * 2 * Math.PI)) / (2 * Math.Log(config.RopeTheta));
    }

    private static double YarnScale(RopeScaling.Yarn scaling)
    {
        return scaling is { MagnitudeScale: { } one, MagnitudeScaleAllDimensions: { } all } ? Magnitude(one) / Magnitude(all) : Magnitude(1);

        double Magnitude(double weight) => scaling.Factor <= 1 ? 1 : (0.1 * weight * Math.Log(scaling.Factor)) + 1;
    }
}
