namespace Rlt.SmallWorld;

/// <summary>
/// SplitMix64: the same numbers on every machine and in every version of .NET, so that a seed names one world for good.
/// </summary>
internal sealed class WorldRandom
{
    private ulong _state;

    /// <summary>One stream of a seed. Every file has a stream of its own, so its rows do not depend on the other files' sizes.</summary>
    public WorldRandom(int seed, string stream)
    {
        _state = ((ulong)(uint)seed << 32) ^ StableHash(stream);
        Draw();
    }

    /// <summary>A hash of a text that never changes (FNV-1a, 64 bits).</summary>
    public static ulong StableHash(string text)
    {
        ulong hash = 14695981039346656037;
        foreach (char c in text)
        {
            hash = (hash ^ c) * 1099511628211;
        }

        return hash;
    }

    /// <summary>A whole number from 0 to <paramref name="count"/> − 1.</summary>
    public int Below(int count) => (int)(Draw() % (ulong)count);

    /// <summary>A whole number from <paramref name="first"/> to <paramref name="last"/>, both possible.</summary>
    public int Between(int first, int last) => first + Below(last - first + 1);

    /// <summary>True with the given probability.</summary>
    public bool Chance(double probability) => (Draw() >> 11) * (1.0 / (1UL << 53)) < probability;

    /// <summary>One of the items, all equally likely.</summary>
    public T Pick<T>(IReadOnlyList<T> items) => items[Below(items.Count)];

    /// <summary>An index, each as likely as its weight says.</summary>
    public int PickWeighted(ReadOnlySpan<int> weights)
    {
        int total = 0;
        foreach (int weight in weights)
        {
            total += weight;
        }

        int left = Below(total);
        int index = 0;
        while (left >= weights[index])
        {
            left -= weights[index++];
        }

        return index;
    }

    private ulong Draw()
    {
        _state += 0x9E3779B97F4A7C15;
        ulong z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
