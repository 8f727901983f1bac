namespace Rlt.Statistics;

/// <summary>Uniform numbers by counter: each depends on its keys alone, so a sample does not depend on its batch, rank or history.</summary>
public static class RandomStream
{
    /// <summary>Folds keys (run seed, step, question, sample…) into one stream's key.</summary>
    public static ulong Key(params ReadOnlySpan<long> parts)
    {
        ulong key = 0x9E3779B97F4A7C15;
        foreach (long part in parts)
        {
            key = Mix(key ^ Mix(unchecked((ulong)part) + 0x9E3779B97F4A7C15));
        }

        return key;
    }

    /// <summary>The stream's number at a position, in [0, 1), a multiple of 2⁻²⁴ so that float32 holds it exactly.</summary>
    public static float Uniform(ulong key, long position) => (Mix(key + (unchecked((ulong)position + 1) * 0x9E3779B97F4A7C15)) >> 40) * (1f / (1 << 24));

    // The finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
