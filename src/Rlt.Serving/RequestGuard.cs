using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Rlt.Serving.Engine;
using Rlt.Serving.Requests;

namespace Rlt.Serving;

/// <summary>Stands before every request: the key, the form of the body, the end of the server; and turns what goes wrong into OpenAI's errors.</summary>
internal sealed class RequestGuard(ServerOptions options, ServerMetrics metrics, Action<string> failed)
{
    private const string Api = "/v1";
    private readonly byte[]? _key = options.Key is { } key ? Encoding.UTF8.GetBytes(key) : null;
    private volatile bool _drains;

    /// <summary>From here on requests are refused.</summary>
    public void Drain() => _drains = true;

    /// <summary>Answers /health.</summary>
    public Task HealthAsync(HttpContext context)
    {
        context.Response.StatusCode = _drains ? 503 : 200;
        return context.Response.WriteAsync(_drains ? "stopping\n" : "ok\n", context.RequestAborted);
    }

    /// <summary>Lets a request through, or says why not.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            if (context.Request.Path.StartsWithSegments(Api, StringComparison.Ordinal))
            {
                Check(context.Request);
            }

            await next(context).ConfigureAwait(false);
            if (context.Response is { HasStarted: false, StatusCode: 404 or 405 })
            {
                await RefuseAsync(context, new ApiException(context.Response.StatusCode, "not_found", $"{context.Request.Method} {context.Request.Path} "
                    + "is nothing here; expected POST /v1/chat/completions or /v1/completions, GET /v1/models, /health or /metrics")).ConfigureAwait(false);
            }
        }
        catch (ApiException error)
        {
            await RefuseAsync(context, error).ConfigureAwait(false);
        }
        catch (BadHttpRequestException error)
        {
            string more = error.StatusCode == 413 ? $" This server takes {options.MaxBodyBytes} bytes (--max-body)." : "";
            await RefuseAsync(context, new ApiException(error.StatusCode, "bad_request", error.Message + more)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client is gone.
            context.Response.StatusCode = context.Response.HasStarted ? context.Response.StatusCode : 499;
        }
        catch (Exception error)
        {
            failed($"{context.Request.Method} {context.Request.Path}: {error.GetType().Name}: {error.Message}");
            var told = new ApiException(500, "internal_error", "the server failed at this request; its own output says why");
            await RefuseAsync(context, told).ConfigureAwait(false);
        }

        metrics.Answered(context.GetEndpoint() is null ? "other" : context.Request.Path, context.Response.StatusCode, clock.Elapsed.TotalSeconds);
    }

    private void Check(HttpRequest request)
    {
        if (_key is not null)
        {
            string given = request.Headers.Authorization.ToString();
            if (!given.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
                || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given["Bearer ".Length..].Trim()), _key))
            {
                throw new ApiException(
                    401, "invalid_api_key", "the key is missing or wrong; expected the header 'Authorization: Bearer KEY' with this server's key");
            }
        }

        if (_drains)
        {
            throw new ApiException((int)HttpStatusCode.ServiceUnavailable, "stopping", "the server is stopping and takes no more requests");
        }

        // A page in a browser cannot send this kind without being asked first, so that no page reaches a server on its reader's machine.
        if (HttpMethods.IsPost(request.Method) && !request.HasJsonContentType())
        {
            throw new ApiException(
                415, "unsupported_media_type", $"the body's type is '{request.ContentType}'; expected the header 'Content-Type: application/json'");
        }
    }

    private static async Task RefuseAsync(HttpContext context, ApiException error)
    {
        HttpResponse response = context.Response;
        if (response.HasStarted)
        {
            await response.WriteAsync($"data: {error.ToJson().ToJsonString()}\n\n").ConfigureAwait(false);
            return;
        }

        response.StatusCode = error.Status;
        if (error.RetryAfter is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        if (error.Status == 401)
        {
            response.Headers.WWWAuthenticate = "Bearer";
        }

        await response.WriteAsJsonAsync(error.ToJson()).ConfigureAwait(false);
    }
}
