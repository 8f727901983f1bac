namespace Rlt.Statistics;

/// <summary>One resampling's draws with replacement, by counter.</summary>
internal sealed class Draws(ulong key)
{
    private long _position;

    /// <summary>A number from 0 to below the count.</summary>
    public int Next(int count) => Math.Min(count - 1, (int)(Uniform() * count));

    /// <summary>A number from 0 to below 1.</summary>
    public double Uniform() => RandomStream.Uniform(key, _position++);
}
