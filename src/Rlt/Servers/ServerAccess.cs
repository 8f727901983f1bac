using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Rlt.Configuration;
using Rlt.Configuration.Resuming;

namespace Rlt.Servers;

/// <summary>An OpenAI-compatible server that samples instead of the engine in this process.</summary>
public abstract record ServerAccess : IValidated
{
    private static readonly string[] Endpoints = ["/chat/completions", "/completions"];

    // What the settings decide or the reading of answers relies on.
    private static readonly string[] NeverInBody = ["model", "messages", "prompt", "n", "stream", "echo"];
    private static readonly string[] OnlyLeftOut = ["temperature", "top_p", "max_tokens", "seed"];

    /// <summary>Its address up to the version, "http://host:8000/v1"; null: the engine in this process.</summary>
    [MayChange(ButNotNull = true)]
    [JsonPropertyOrder(-1)]
    public string? Url { get; init; }

    /// <summary>The address up to the version, also where an interface's own address was given: "http://host:8000/v1/chat/completions".</summary>
    public string BaseUrl
    {
        get
        {
            string address = (Url ?? "").TrimEnd('/');
            string? ending = Endpoints.FirstOrDefault(end => address.EndsWith(end, StringComparison.Ordinal));
            return ending is null ? address : address[..^ending.Length];
        }
    }

    /// <summary>What of it is asked: "/chat/completions" or "/completions".</summary>
    public abstract string Endpoint { get; }

    /// <summary>The environment variable that has the server's key; a server without one needs none.</summary>
    [MayChange]
    public string KeyVariable { get; init; } = "OPENAI_API_KEY";

    /// <summary>Further fields of every request, such as top_k; a field with the value null, such as seed, is left out of it. Null for none.</summary>
    public JsonObject? Body { get; init; }

    /// <summary>Requests under way at once.</summary>
    [MayChange]
    public int Concurrency { get; init; } = 32;

    /// <summary>Seconds that one answer may take.</summary>
    [MayChange]
    public double TimeoutSeconds { get; init; } = 1800;

    /// <summary>How often a request that failed is made again.</summary>
    [MayChange]
    public int Retries { get; init; } = 8;

    /// <summary>Seconds before the first repetition; each wait is twice the one before, a minute at most.</summary>
    [MayChange]
    public double RetrySeconds { get; init; } = 1;

    /// <summary>Seconds to wait for a server that has not answered anything yet, such as one that still loads its model.</summary>
    [MayChange]
    public double Wait { get; init; } = 5;

    /// <summary>The server's key; null for none. Messages do not quote it.</summary>
    /// <exception cref="ConfigException">No header can carry it.</exception>
    public string? Key()
    {
        string? key = Environment.GetEnvironmentVariable(KeyVariable);
        return key is null || key.All(letter => letter is > ' ' and <= '~')
            ? key
            : throw new ConfigException($"{KeyVariable} has a space, a line break or a letter that no header can carry; expected the key alone.");
    }

    /// <inheritdoc/>
    public virtual IEnumerable<ConfigProblem> Problems()
    {
        foreach ((string field, JsonNode? value) in Body ?? [])
        {
            if (NeverInBody.Contains(field))
            {
                yield return new ConfigProblem($"{nameof(Body)}.{field}", "is a field that every request sets itself; expected others, such as top_k");
            }
            else if (OnlyLeftOut.Contains(field) && value is not null)
            {
                yield return new ConfigProblem(
                    $"{nameof(Body)}.{field}", "has a setting of its own; expected null here, which leaves the field out of the requests");
            }
        }

        if (Url is not null && !(Uri.TryCreate(Url, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https"))
        {
            yield return new ConfigProblem(nameof(Url), $"is '{Url}'; expected an address such as http://localhost:8000/v1");
        }

        foreach (ConfigProblem problem in (IEnumerable<ConfigProblem>)
        [
            .. Ranges.AtLeastOne((nameof(Concurrency), Concurrency)),
            .. Ranges.NotNegative((nameof(Retries), Retries), (nameof(RetrySeconds), RetrySeconds), (nameof(Wait), Wait)),
        ])
        {
            yield return problem;
        }

        if (!(TimeoutSeconds is > 0 and <= 86400 * 7))
        {
            yield return new ConfigProblem(nameof(TimeoutSeconds), $"is {TimeoutSeconds}; expected more than 0, a week at most");
        }
    }
}
