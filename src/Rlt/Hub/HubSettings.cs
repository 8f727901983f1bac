namespace Rlt.Hub;

/// <summary>Where the Hub and its cache are, as Hugging Face's own tools are told by the environment.</summary>
/// <param name="Endpoint">The Hub's address.</param>
/// <param name="Cache">The cache's folder, shared with other tools.</param>
/// <param name="Token">Who asks; null for nobody.</param>
/// <param name="IsOffline">Whether nothing is asked for.</param>
/// <remarks>Source: huggingface_hub, "Environment variables".</remarks>
internal sealed record HubSettings(Uri Endpoint, string Cache, string? Token, bool IsOffline)
{
    private const string DefaultEndpoint = "https://huggingface.co";

    /// <summary>Seconds before the first repetition of a request that failed; each wait is twice the one before.</summary>
    public double RetrySeconds { get; init; } = 1;

    /// <summary>Repetitions in a row that bring nothing, before the request is given up.</summary>
    public int Retries { get; init; } = 4;

    /// <summary>Seconds without a byte after which a connection is given up.</summary>
    public double StallSeconds { get; init; } = 30;

    /// <summary>HF_ENDPOINT, HF_HUB_CACHE or HF_HOME, HF_TOKEN or the token's file (HF_TOKEN_PATH or HF_HOME), HF_HUB_OFFLINE.</summary>
    /// <exception cref="ConfigException">One of them cannot be used.</exception>
    public static HubSettings FromEnvironment()
    {
        string home = Folder("HF_HOME") ?? Path.Combine(
            Folder("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"), "huggingface");
        string endpoint = Variable("HF_ENDPOINT") ?? DefaultEndpoint;
        return Uri.TryCreate(endpoint.TrimEnd('/') + "/", UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https"
            ? new HubSettings(address, Path.GetFullPath(Folder("HF_HUB_CACHE") ?? Path.Combine(home, "hub")), TokenOf(home), IsTrue("HF_HUB_OFFLINE"))
            : throw new ConfigException($"HF_ENDPOINT is '{endpoint}'; expected an address such as {DefaultEndpoint}.");
    }

    // No message quotes the token.
    private static string? TokenOf(string home)
    {
        string file = Folder("HF_TOKEN_PATH") ?? Path.Combine(home, "token");
        string? token = Variable("HF_TOKEN") ?? (File.Exists(file) ? WholeFile.Text(WholeFile.Bytes(file)) : null);
        token = token?.Replace("\r", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal).Trim();
        return string.IsNullOrEmpty(token) ? null
            : token.All(letter => letter is > ' ' and <= '~') ? token
            : throw new ConfigException($"the token of the Hub (HF_TOKEN, or {file}) has a space or a letter that no header can carry; "
                + "expected the token alone.");
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { } value && value.Trim() is { Length: > 0 } text ? text : null;

    private static string? Folder(string name) => Variable(name) is { } path && path.StartsWith("~/", StringComparison.Ordinal)
        ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), path[2..]) : Variable(name);

    private static bool IsTrue(string name) => Variable(name)?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE";
}
