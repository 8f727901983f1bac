namespace Rlt.Serving;

/// <summary>Where and within which limits a model is served.</summary>
public sealed record ServerOptions
{
    /// <summary>The name that clients ask for.</summary>
    public required string Name { get; init; }

    /// <summary>The address to listen at: an IP address, or a host's name.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>The port; 0 takes any that is free.</summary>
    public int Port { get; init; } = 8000;

    /// <summary>The key that requests must bring; null for none.</summary>
    public string? Key { get; init; }

    /// <summary>Sequences decoded at once.</summary>
    public int MaxRows { get; init; } = 64;

    /// <summary>Requests that wait for room at most; further ones are refused with 429.</summary>
    public int MaxWaiting { get; init; } = 256;

    /// <summary>Bytes of a request's body at most.</summary>
    public long MaxBodyBytes { get; init; } = 16 << 20;

    /// <summary>Seconds that running requests have to end when the server stops.</summary>
    public double StopSeconds { get; init; } = 30;

    /// <summary>Seeds the answers to requests without a seed.</summary>
    public long Seed { get; init; }
}
