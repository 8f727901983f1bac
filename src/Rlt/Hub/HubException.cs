namespace Rlt.Hub;

/// <summary>What the Hub does not have, does not give, or cannot be asked for.</summary>
public sealed class HubException : RltException
{
    /// <inheritdoc cref="RltException(string, Exception)"/>
    public HubException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }

    /// <summary>The Hub was not reached: what the cache has may do.</summary>
    public bool IsUnreachable { get; init; }
}
