using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Rlt.Hub;

/// <summary>Asks the Hub. The token goes to the endpoint's own host alone, wherever redirects lead.</summary>
internal sealed partial class HubClient(HubSettings settings) : IDisposable
{
    private const int MostRedirects = 10;
    private const int ConnectSeconds = 10;
    private const int LongestWaitSeconds = 60;

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(ConnectSeconds),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>The commit that a revision is now.</summary>
    public async Task<string> CommitAsync(HubId id)
    {
        (JsonElement info, _) = await JsonAsync(id, Address($"api/{id.ApiPath}/revision/{Uri.EscapeDataString(id.Revision)}")).ConfigureAwait(false);
        return info.ValueKind == JsonValueKind.Object && info.TryGetProperty("sha", out JsonElement sha) && sha.ValueKind == JsonValueKind.String
            && HubId.IsCommitHash(sha.GetString()!) ? sha.GetString()! : throw Strange($"says no commit ('sha') of {id}");
    }

    /// <summary>The files of a commit: of a model those of its main folder, of a data set all.</summary>
    public async Task<IReadOnlyList<HubFile>> FilesAsync(HubId id, string commit)
    {
        var files = new List<HubFile>();
        Uri? page = Address($"api/{id.ApiPath}/tree/{commit}?recursive={(id.Kind == HubKind.Dataset ? "true" : "false")}");
        while (page is not null)
        {
            (JsonElement list, page) = await JsonAsync(id, page).ConfigureAwait(false);
            files.AddRange(list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().Where(IsFile).Select(entry => File(id, entry))
                : throw Strange($"gives no list of the files of {id}"));
        }

        return files;
    }

    /// <summary>Asks for a file's content from a byte on; the caller disposes the answer.</summary>
    /// <exception cref="HubException">The Hub refuses, or has another file than it listed.</exception>
    public async Task<HttpResponseMessage> ContentAsync(HubId id, string commit, HubFile file, long from)
    {
        string path = string.Join('/', file.Name.Split('/').Select(Uri.EscapeDataString));
        (HttpResponseMessage answer, string? etag) = await FollowAsync(
            Address($"{id.WebPath}/resolve/{commit}/{path}"), from == 0 ? null : new RangeHeaderValue(from, null)).ConfigureAwait(false);
        bool isWhole = answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.PartialContent or HttpStatusCode.RequestedRangeNotSatisfiable;
        if (isWhole && (etag is null || etag == file.Hash))
        {
            return answer;
        }

        using (answer)
        {
            throw isWhole ? Strange($"lists {file.Name} of {id} as {file.Hash} and gives {etag}") : await RefusalAsync(id, answer).ConfigureAwait(false);
        }
    }

    /// <summary>Seconds to wait before a request is made once more.</summary>
    public TimeSpan Wait(int attempt, HttpResponseMessage? answer = null) => TimeSpan.FromSeconds(Math.Min(LongestWaitSeconds,
        answer?.Headers.RetryAfter?.Delta?.TotalSeconds ?? (settings.RetrySeconds * Math.Pow(2, attempt))));

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static bool IsFile(JsonElement entry) => entry.ValueKind == JsonValueKind.Object && Text(entry, "type") == "file";

    private static string? Text(JsonElement entry, string key) =>
        entry.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static bool MayPass(HttpStatusCode status) => status is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout || (int)status >= 500;

    // Of a large file, the hash of its content; other etags name what stands in git for it.
    private static string? Etag(HttpResponseMessage answer) => answer.Headers.TryGetValues("X-Linked-Etag", out IEnumerable<string>? values)
        ? values.First().Replace("W/", "", StringComparison.Ordinal).Trim('"') : null;

    private HubFile File(HubId id, JsonElement entry)
    {
        JsonElement content = entry.TryGetProperty("lfs", out JsonElement lfs) && lfs.ValueKind == JsonValueKind.Object ? lfs : entry;
        var file = new HubFile(Text(entry, "path") ?? "", content.TryGetProperty("size", out JsonElement size) && size.TryGetInt64(out long bytes) ? bytes : -1,
            Text(content, "oid")?.Replace("sha256:", "", StringComparison.Ordinal) ?? "");
        return file.IsSafe && file.Size >= 0 ? file
            : throw Strange($"lists a file of {id} that cannot be one: '{file.Name}', {file.Size} bytes, '{file.Hash}'");
    }

    private Uri Address(string path) => new(settings.Endpoint, path);

    private HubException Strange(string what) => new($"{settings.Endpoint} {what}. Is HF_ENDPOINT right?");

    private async Task<(JsonElement Json, Uri? Next)> JsonAsync(HubId id, Uri address)
    {
        (HttpResponseMessage answer, _) = await FollowAsync(address, null).ConfigureAwait(false);
        using (answer)
        {
            if (answer.StatusCode != HttpStatusCode.OK)
            {
                throw await RefusalAsync(id, answer).ConfigureAwait(false);
            }

            try
            {
                JsonElement json = StrictJson.Parse(await answer.Content.ReadAsByteArrayAsync().ConfigureAwait(false));
                string? link = answer.Headers.TryGetValues("Link", out IEnumerable<string>? links) ? string.Join(", ", links) : null;
                return (json, link is not null && NextPage().Match(link) is { Success: true } next ? new Uri(address, next.Groups[1].Value) : null);
            }
            catch (JsonException error)
            {
                throw new HubException($"{address} gives no JSON: {error.Message}. Is HF_ENDPOINT right?", error);
            }
        }
    }

    // Asks again while the failure may pass.
    private async Task<(HttpResponseMessage Answer, string? Etag)> FollowAsync(Uri address, RangeHeaderValue? range)
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                (HttpResponseMessage answer, string? etag) = await RedirectedAsync(address, range).ConfigureAwait(false);
                if (!MayPass(answer.StatusCode) || attempt == settings.Retries)
                {
                    return (answer, etag);
                }

                Transfer.Said?.Invoke($"{address.Authority} answers {(int)answer.StatusCode}; asking again");
                using (answer)
                {
                    await Task.Delay(Wait(attempt, answer)).ConfigureAwait(false);
                }
            }
            catch (Exception error) when (error is HttpRequestException or OperationCanceledException)
            {
                // A name that is not known, or a machine that refuses, will not be another after a second.
                if (attempt == settings.Retries
                    || error is HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError })
                {
                    string reason = error is HttpRequestException ? error.Message : "no answer in time";
                    throw new HubException($"{address.Authority} cannot be reached ({reason})", error) { IsUnreachable = true };
                }

                await Task.Delay(Wait(attempt)).ConfigureAwait(false);
            }
        }
    }

    private async Task<(HttpResponseMessage Answer, string? Etag)> RedirectedAsync(Uri address, RangeHeaderValue? range)
    {
        string? etag = null;
        for (int hop = 0; hop <= MostRedirects; hop++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            request.Headers.Range = range;
            request.Headers.UserAgent.ParseAdd("rlt");
            if (settings.Token is { } token && address.Scheme == settings.Endpoint.Scheme && address.Authority == settings.Endpoint.Authority)
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            }

            using var stall = new CancellationTokenSource(TimeSpan.FromSeconds(settings.StallSeconds));
            HttpResponseMessage answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stall.Token).ConfigureAwait(false);
            etag ??= Etag(answer);
            if ((int)answer.StatusCode is not (301 or 302 or 303 or 307 or 308) || answer.Headers.Location is not { } next)
            {
                return (answer, etag);
            }

            answer.Dispose();
            address = new Uri(address, next);
            if (address.Scheme is not ("http" or "https"))
            {
                break;
            }
        }

        throw Strange($"leads to no file but on and on, last to {address}");
    }

    private async Task<HubException> RefusalAsync(HubId id, HttpResponseMessage answer)
    {
        string? code = Header("X-Error-Code"), said = Header("X-Error-Message");
        int status = (int)answer.StatusCode;
        string says = said is null ? "" : $": {said}";
        string who = settings.Token is null ? "no token was given (HF_TOKEN)" : "the token given (HF_TOKEN, or its file) has no access";
        string place = $"{settings.Endpoint}{id.WebPath}";
        return (code, status) switch
        {
            ("GatedRepo", _) => new HubException($"{id.Name} is gated, and {who}; ask for access at {place} and set HF_TOKEN"),
            ("RevisionNotFound", _) => new HubException($"{place} has no revision '{id.Revision}'; expected a branch, a tag or a commit"),
            ("RepoNotFound", _) or (_, 404) when code is not "EntryNotFound" =>
                new HubException($"{settings.Endpoint.Authority} has no {id.What} '{id.Name}', or it is private and {who}"),
            (_, 401 or 403) => new HubException(
                $"{settings.Endpoint.Authority} refuses {id.Name} ({status}{says}): "
                    + (status == 401 && settings.Token is not null ? "the token given (HF_TOKEN, or its file) is not valid" : who)),
            _ => new HubException($"{settings.Endpoint.Authority} answers {status} for {id.Name}: {said ?? await BeginAsync(answer).ConfigureAwait(false)}"),
        };

        string? Header(string name) => answer.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.First() : null;
    }

    private static async Task<string> BeginAsync(HttpResponseMessage answer)
    {
        const int most = 200;
        string text = (await answer.Content.ReadAsStringAsync().ConfigureAwait(false)).ReplaceLineEndings(" ").Trim();
        return text.Length == 0 ? answer.ReasonPhrase ?? "no reason" : text.Length <= most ? text : text[..most] + "…";
    }

    [GeneratedRegex("<([^>]+)>\\s*;\\s*rel=\"next\"")]
    private static partial Regex NextPage();
}
