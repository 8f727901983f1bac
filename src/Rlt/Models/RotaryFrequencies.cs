namespace Rlt.Models;

/// <summary>The angular frequency of each pair of a head's dimensions, with the checkpoint's long-context scaling.</summary>
public static class RotaryFrequencies
{
    /// <summary>Returns E/2 frequencies in radians per position, and the factor by which cosines and sines are multiplied (YaRN only).</summary>
    public static (double[] Frequencies, double AttentionScale) For(ModelConfig config)
    {
        double[] plain = [.. Enumerable.Range(0, config.HeadDim / 2).Select(i => Math.Pow(config.RopeTheta, -2.0 * i / config.HeadDim))];
        return config.RopeScaling switch
        {
            null => (plain, 1),
            LinearRopeScaling linear => ([.. plain.Select(f => f / linear.Factor)], 1),
            Llama3RopeScaling llama3 => ([.. plain.Select(f => Llama3(f, llama3))], 1),
            YarnRopeScaling yarn => Yarn(plain, yarn, config),
            _ => throw new CheckpointException($"rope_scaling of kind {config.RopeScaling.GetType().Name} is not supported; expected linear, llama3 or yarn"),
        };
    }

    // Long waves are stretched by the factor, short ones kept, those between blended (Llama 3.1's published rule).
    private static double Llama3(double frequency, Llama3RopeScaling scaling)
    {
        double wavelength = 2 * Math.PI / frequency;
        double longest = scaling.OriginalMaxPositionEmbeddings / scaling.LowFreqFactor;
        double shortest = scaling.OriginalMaxPositionEmbeddings / scaling.HighFreqFactor;
        if (wavelength > longest)
        {
            return frequency / scaling.Factor;
        }

        if (wavelength < shortest)
        {
            return frequency;
        }

        double smooth = ((scaling.OriginalMaxPositionEmbeddings / wavelength) - scaling.LowFreqFactor) / (scaling.HighFreqFactor - scaling.LowFreqFactor);
        return ((1 - smooth) * frequency / scaling.Factor) + (smooth * frequency);
    }

    // YaRN (arXiv 2309.00071): a linear ramp between the dimensions that make betaFast and betaSlow turns over the original context.
    private static (double[] Frequencies, double AttentionScale) Yarn(double[] plain, YarnRopeScaling scaling, ModelConfig config)
    {
        double low = Math.Max(0, Math.Floor(DimensionOf(scaling.BetaFast)));
        double high = Math.Min(config.HeadDim - 1, Math.Ceiling(DimensionOf(scaling.BetaSlow)));
        double span = high > low ? high - low : 0.001;
        double[] blended = [.. plain.Select((f, i) =>
        {
            double interpolate = Math.Clamp((i - low) / span, 0, 1);
            return (f / scaling.Factor * interpolate) + (f * (1 - interpolate));
        })];
        return (blended, scaling.AttentionFactor ?? (scaling.Factor <= 1 ? 1 : (0.1 * Math.Log(scaling.Factor)) + 1));

        double DimensionOf(double turns) =>
            config.HeadDim * Math.Log(scaling.OriginalMaxPositionEmbeddings / (turns * 2 * Math.PI)) / (2 * Math.Log(config.RopeTheta));
    }
}
