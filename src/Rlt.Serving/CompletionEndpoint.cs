using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Rlt.Models;
using Rlt.Serving.Answers;
using Rlt.Serving.Engine;
using Rlt.Serving.Requests;
using Rlt.Statistics;

namespace Rlt.Serving;

/// <summary>Answers chats and completions: reads the request, has the engine draw, and sends what is drawn.</summary>
internal sealed class CompletionEndpoint(ModelText model, EngineThread engine, ServerMetrics metrics, ServerOptions options)
{
    private const int MostChoices = 128;
    private const double MostWaitSeconds = 60;
    private readonly RequestReader _reader = new(model, options.Name, MostChoices);
    private long _count;

    /// <summary>Answers one request.</summary>
    public async Task AnswerAsync(HttpContext context, bool isChat)
    {
        CancellationToken gone = context.RequestAborted;
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, gone).ConfigureAwait(false);
        ApiRequest request = _reader.Read(body.ToArray(), isChat);
        var job = new Job(request, model.Config.MaxPositions, RandomStream.Key(options.Seed, Interlocked.Increment(ref _count)))
        {
            Began = job => metrics.FirstToken(job.Age.Elapsed.TotalSeconds),
        };
        if (!engine.TryAdd(job))
        {
            throw new ApiException(429, "queue_full", $"{options.MaxWaiting} requests wait already (--queue); ask again later")
            {
                RetryAfter = (int)Math.Ceiling(Math.Clamp(metrics.MeanSeconds, 1, MostWaitSeconds)),
            };
        }

        try
        {
            var answer = new AnswerJson(job, model.Tokenizer, options.Name);
            if (request.Stream)
            {
                await StreamAsync(context.Response, job, answer, gone).ConfigureAwait(false);
                return;
            }

            await job.Done.WaitAsync(gone).ConfigureAwait(false);
            await context.Response.WriteAsJsonAsync(answer.Whole(), gone).ConfigureAwait(false);
        }
        finally
        {
            job.Cancel();
        }
    }

    private static async Task StreamAsync(HttpResponse response, Job job, AnswerJson answer, CancellationToken gone)
    {
        // A stream that fails before its first token is answered by a status of its own.
        bool hasTokens = await job.Tokens.WaitToReadAsync(gone).ConfigureAwait(false);
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache";
        foreach (JsonObject chunk in answer.Opening())
        {
            await SendAsync(response, chunk.ToJsonString(), gone).ConfigureAwait(false);
        }

        for (; hasTokens && !answer.HasEnded; hasTokens = await job.Tokens.WaitToReadAsync(gone).ConfigureAwait(false))
        {
            var tokens = new List<DrawnToken>();
            while (job.Tokens.TryRead(out DrawnToken token))
            {
                tokens.Add(token);
            }

            foreach (JsonObject chunk in tokens.GroupBy(token => token.Choice).Select(choice => answer.Next(choice.Key, choice)).OfType<JsonObject>())
            {
                await SendAsync(response, chunk.ToJsonString(), gone).ConfigureAwait(false);
            }

            await response.Body.FlushAsync(gone).ConfigureAwait(false);
        }

        if (job.Request.StreamUsage)
        {
            await SendAsync(response, answer.UsageChunk().ToJsonString(), gone).ConfigureAwait(false);
        }

        await SendAsync(response, "[DONE]", gone).ConfigureAwait(false);
    }

    private static Task SendAsync(HttpResponse response, string data, CancellationToken gone) => response.WriteAsync($"data: {data}\n\n", gone);
}
