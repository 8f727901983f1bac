using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Rlt.Servers;

/// <summary>What a server answered.</summary>
/// <param name="Text">The response; a reasoning model's thought stands in its tags before it.</param>
/// <param name="Truncated">Whether the token limit cut it off.</param>
/// <param name="Tokens">Its length; null where the server does not tell.</param>
public sealed record Completion(string Text, bool Truncated, int? Tokens)
{
    /// <summary>Why there is no answer, where the server or its model refused one: "content_filter", "refusal" or "no_content"; else null.</summary>
    public string? Refusal { get; init; }

    /// <summary>Whether the server tells which stop text ended a response.</summary>
    public bool TellsStop { get; init; }

    /// <summary>The stop text that ended the response, as far as the server tells.</summary>
    public string? StoppedBy { get; init; }
}

/// <summary>Asks an OpenAI-compatible server for one completion, again where that may help.</summary>
/// <param name="client">Carries the requests; without a timeout of its own.</param>
/// <param name="config">Where and how.</param>
/// <param name="key">The server's key; null for none.</param>
/// <param name="quotes">Whether errors may quote what the server sent, which may repeat the question.</param>
public sealed partial class CompletionClient(HttpClient client, ServerAccess config, string? key, bool quotes = true)
{
    private const int MostBytes = 64 << 20;
    private const int MostShown = 200;
    private const double MostWaitSeconds = 60;
    private const double MostWaitForServer = 2;

    private readonly Stopwatch _sinceFirst = new();
    private volatile bool _wantsOtherLimit;
    private readonly Dictionary<string, Stopwatch?> _told = [];
    private volatile bool _isThere;
    private int _retries;

    /// <summary>Is told of each repetition before the wait: why, which of how many, and how many there have been in all.</summary>
    public Action<string>? Retrying { get; set; }

    /// <summary>Asks.</summary>
    /// <param name="body">The request; <see cref="ServerAccess.Body"/> changes it.</param>
    /// <param name="stop">Ends the work.</param>
    /// <exception cref="ServerException">The server gave no usable answer, after all repetitions where it could have helped.</exception>
    public async Task<Completion> AskAsync(JsonObject body, CancellationToken stop)
    {
        bool otherLimit = _wantsOtherLimit;
        JsonObject sent = Sent(body, otherLimit);
        try
        {
            return await CompletionAsync(sent, stop).ConfigureAwait(false);
        }
        catch (ServerException error) when (error.WantsOtherLimit && !otherLimit && sent.ContainsKey("max_tokens"))
        {
            _wantsOtherLimit = true;
            return await CompletionAsync(Sent(body, otherLimit: true), stop).ConfigureAwait(false);
        }
    }

    /// <summary>The names of the models that the server has.</summary>
    /// <param name="stop">Ends the work.</param>
    /// <exception cref="ServerException">As <see cref="AskAsync(JsonObject, CancellationToken)"/>.</exception>
    public Task<IReadOnlyList<string>> ModelsAsync(CancellationToken stop) => AgainAsync(() => OnceAsync(HttpMethod.Get, "/models", null, content => Parsed(
        content, IReadOnlyList<string> (root) => [.. root["data"]!.AsArray().Select(model => model!["id"]!.GetValue<string>())],
        "list of models (data[].id)", mayPass: false), stop), stop);

    /// <summary>The name of the only model that the server has.</summary>
    /// <param name="stop">Ends the work.</param>
    /// <exception cref="ServerException">As <see cref="AskAsync(JsonObject, CancellationToken)"/>.</exception>
    /// <exception cref="ConfigException">It has none, or several.</exception>
    public async Task<string> OnlyModelAsync(CancellationToken stop)
    {
        IReadOnlyList<string> names = await ModelsAsync(stop).ConfigureAwait(false);
        return names.Count == 1 ? names[0] : throw new ConfigException(
            $"{config.Url} serves {(names.Count == 0 ? "no model" : $"several models ({string.Join(", ", names)})")}; "
                + "say which one the teacher is: --set server.model=NAME");
    }

    /// <summary>Asks for something else than a completion.</summary>
    /// <param name="body">As above.</param>
    /// <param name="read">Reads the answer.</param>
    /// <param name="expected">What the answer must be, for messages.</param>
    /// <param name="stop">Ends the work.</param>
    /// <exception cref="ServerException">As above.</exception>
    public Task<T> AskAsync<T>(JsonObject body, Func<JsonNode, T> read, string expected, CancellationToken stop) => AgainAsync(() => OnceAsync(
        HttpMethod.Post, config.Endpoint, Sent(body, otherLimit: false), content => Parsed(content, read, expected, mayPass: true), stop), stop);

    private async Task<Completion> CompletionAsync(JsonObject body, CancellationToken stop)
    {
        try
        {
            return await AgainAsync(
                () => OnceAsync(HttpMethod.Post, config.Endpoint, body, content => Read(content, Limit(body)), stop), stop).ConfigureAwait(false);
        }
        catch (ServerException error) when (error.IsFiltered)
        {
            return new Completion("", false, null) { Refusal = "content_filter" };
        }
    }

    private async Task<T> AgainAsync<T>(Func<Task<T>> once, CancellationToken stop)
    {
        lock (_sinceFirst)
        {
            _sinceFirst.Start();
        }

        for (int attempt = 0; ;)
        {
            try
            {
                return await once().ConfigureAwait(false);
            }
            catch (ServerException error) when (error.IsUnreachable && !_isThere)
            {
                await WaitForServerAsync(error, stop).ConfigureAwait(false);
            }
            catch (ServerException error) when (error.MayPass && attempt < config.Retries)
            {
                double seconds = Math.Min(MostWaitSeconds, Math.Max(error.WaitSeconds, config.RetrySeconds * Math.Pow(2, attempt)));
                attempt++;
                int retries = Interlocked.Increment(ref _retries);
                Tell(error, $"asked again in {seconds:0.###} s ({attempt} of {config.Retries}; {retries} so far in all)");
                await Task.Delay(TimeSpan.FromSeconds(seconds), stop).ConfigureAwait(false);
            }
        }
    }

    // A wrong address shows at once, where no request has been answered yet; a server that goes away later is another matter.
    private async Task WaitForServerAsync(ServerException error, CancellationToken stop)
    {
        double left = config.Wait - _sinceFirst.Elapsed.TotalSeconds;
        if (left <= 0)
        {
            throw new ServerException(
                string.Create(CultureInfo.InvariantCulture, $"{error.Message}; no answer in {config.Wait:0.#} s. Is the server up, and the address right? ")
                    + "--set server.wait=600 waits ten minutes for one that is starting", mayPass: false) { IsOfAll = true, IsUnreachable = true };
        }

        int retries = Interlocked.Increment(ref _retries);
        Tell(error, $"not there yet, asked for {left:0} s more (server.wait; {retries} so far in all)");
        await Task.Delay(TimeSpan.FromSeconds(Math.Min(left, MostWaitForServer)), stop).ConfigureAwait(false);
    }

    // Requests that fail side by side for one reason are told of once a second; their number is in the next line.
    private void Tell(ServerException error, FormattableString what)
    {
        lock (_told)
        {
            if (_told.GetValueOrDefault(error.Message) is { } last && last.Elapsed.TotalSeconds < 1)
            {
                return;
            }

            _told[error.Message] = Stopwatch.StartNew();
        }

        Retrying?.Invoke($"{config.Url}: {error.Message}; {FormattableString.Invariant(what)}");
    }

    private JsonObject Sent(JsonObject body, bool otherLimit)
    {
        var sent = (JsonObject)body.DeepClone();
        foreach ((string field, JsonNode? value) in config.Body ?? [])
        {
            sent.Remove(field);
            if (value is not null)
            {
                sent[field] = value.DeepClone();
            }
        }

        if (otherLimit && sent.Remove("max_tokens", out JsonNode? limit))
        {
            sent["max_completion_tokens"] = limit;
        }

        return sent;
    }

    private async Task<T> OnceAsync<T>(HttpMethod method, string endpoint, JsonObject? body, Func<byte[], T> read, CancellationToken stop)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limited.CancelAfter(TimeSpan.FromSeconds(config.TimeoutSeconds));
        try
        {
            using var request = new HttpRequestMessage(method, config.BaseUrl + endpoint);
            request.Content = body is null ? null : new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
            request.Headers.Authorization = string.IsNullOrEmpty(key) ? null : new AuthenticationHeaderValue("Bearer", key);
            using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limited.Token).ConfigureAwait(false);
            _isThere = true;
            byte[] content = await ReadAsync(response, limited.Token).ConfigureAwait(false);
            return response.IsSuccessStatusCode ? read(content) : throw Refused(response, content, body is null ? null : Limit(body));
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new ServerException(
                string.Create(CultureInfo.InvariantCulture, $"no answer within {config.TimeoutSeconds} s (server.timeout_seconds)"), mayPass: true);
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            throw new ServerException(error.Message, mayPass: true)
            {
                IsUnreachable = error is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError },
            };
        }
    }

    // A server that never stops sending must not fill the memory.
    private static async Task<byte[]> ReadAsync(HttpResponseMessage response, CancellationToken stop)
    {
        using Stream stream = await response.Content.ReadAsStreamAsync(stop).ConfigureAwait(false);
        using var content = new MemoryStream();
        byte[] buffer = new byte[64 * 1024];
        for (int read; (read = await stream.ReadAsync(buffer, stop).ConfigureAwait(false)) > 0;)
        {
            content.Write(buffer, 0, read);
            if (content.Length > MostBytes)
            {
                throw new ServerException($"more than {MostBytes >> 20} MiB in one answer", mayPass: true);
            }
        }

        return content.ToArray();
    }

    private static int? Limit(JsonObject body) =>
        (body["max_tokens"] ?? body["max_completion_tokens"]) is JsonValue value && value.TryGetValue(out int limit) ? limit : null;

    private ServerException Refused(HttpResponseMessage response, byte[] content, int? limit)
    {
        int status = (int)response.StatusCode;
        bool mayPass = status >= 500 || response.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or (HttpStatusCode)425;
        RefusedRequest? meant = mayPass || response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.NotFound ? null
            : RefusedRequest.Read(content, codesOnly: response.StatusCode is HttpStatusCode.Forbidden);
        string now = limit is null ? "" : $", now {limit}";
        string hint = meant?.Unsupported is { } field ? $" Leave the field out: --set 'server.body={{{field}: null}}'."
            : meant?.IsTooLong != true ? ""
            : $" Question and response do not fit the model's context: lower --max-new-tokens{now}, or serve the model with a longer one.";
        return new ServerException($"HTTP {status}: {Shown(content)}{hint}", mayPass)
        {
            IsFiltered = meant?.IsFiltered == true,
            IsOfAll = response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed,
            WaitSeconds = Wait(response.Headers.RetryAfter),
            WantsOtherLimit = meant?.WantsOtherLimit == true,
        };
    }

    private static double Wait(RetryConditionHeaderValue? asked) => asked?.Delta?.TotalSeconds ?? (asked?.Date - DateTimeOffset.UtcNow)?.TotalSeconds ?? 0;

    private Completion Read(byte[] content, int? limit)
    {
        try
        {
            JsonNode? root = LenientJson(content);
            if (CompletionReader.Read(root, limit) is { } completion)
            {
                return completion;
            }

            if (root is JsonObject && root["error"] is JsonObject && RefusedRequest.Read(content).IsFiltered)
            {
                throw new ServerException("the content filter refused the question", mayPass: false) { IsFiltered = true };
            }
        }
        // ArgumentException: an object with the same key twice, or a list without items.
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException or FormatException)
        {
            throw new ServerException($"an answer that is no completion: {Shown(content)}", mayPass: true);
        }

        throw new ServerException($"an answer that is no completion (choices[0] with its text and finish_reason): {Shown(content)}", mayPass: true);
    }

    // Python's servers write half pairs of surrogates, as a token that is half a character leaves them, and numbers that JSON has not.
    private static JsonNode? LenientJson(byte[] content)
    {
        string text = Encoding.UTF8.GetString(content);
        text = HalfPair().Replace(text, @"\ufffd");
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException) when (NoNumber().IsMatch(text))
        {
            return JsonNode.Parse(NoNumber().Replace(text, "null"));
        }
    }

    [GeneratedRegex(@"(?<=(?<!\\)(?:\\\\)*)(?:\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2})")]
    private static partial Regex HalfPair();

    [GeneratedRegex(@"(?<=[:,[]\s*)(?:NaN|-?Infinity)(?=\s*[],}])")]
    private static partial Regex NoNumber();

    // ArgumentException: an object with the same key twice, or a list without items; KeyNotFoundException: a token that is not told of.
    private T Parsed<T>(byte[] content, Func<JsonNode, T> read, string expected, bool mayPass)
    {
        try
        {
            return read(JsonNode.Parse(content)!);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException or FormatException or OverflowException
            or NullReferenceException or KeyNotFoundException)
        {
            throw new ServerException($"an answer that is no {expected}: {Shown(content)}", mayPass);
        }
    }

    private string Shown(byte[] content)
    {
        if (!quotes)
        {
            return $"{content.Length} bytes, not shown";
        }

        string text = Encoding.UTF8.GetString(content.AsSpan(0, Math.Min(content.Length, MostShown)));
        return string.Concat(text.Select(letter => char.IsControl(letter) ? ' ' : letter)) + (content.Length > MostShown ? "…" : "");
    }
}

/// <summary>A request that a server did not answer as it should.</summary>
/// <param name="message">What came instead.</param>
/// <param name="mayPass">Whether the same request may succeed later.</param>
public sealed class ServerException(string message, bool mayPass) : RltException(message)
{
    /// <summary>Whether the same request may succeed later.</summary>
    public bool MayPass { get; } = mayPass;

    /// <summary>Whether every other request would be refused too: a wrong address, model or key.</summary>
    public bool IsOfAll { get; init; }

    /// <summary>Whether it was for the question's content.</summary>
    public bool IsFiltered { get; init; }

    /// <summary>Whether there was no connection to a server at all.</summary>
    public bool IsUnreachable { get; init; }

    /// <summary>Whether the server takes the limit of tokens only as max_completion_tokens.</summary>
    public bool WantsOtherLimit { get; init; }

    /// <summary>How long the server asks to wait; 0 where it does not say.</summary>
    public double WaitSeconds { get; init; }

    /// <inheritdoc/>
    public override int ExitCode => 3;
}
