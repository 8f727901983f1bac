using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rlt.Models;
using Rlt.Serving.Engine;

namespace Rlt.Serving;

/// <summary>Serves a model by OpenAI's interface: chat and completions, /v1/models, /health and /metrics.</summary>
/// <remarks>Left out: tools, penalties, forced formats, and everything beside texts. A request that asks for it is refused.</remarks>
public sealed class CompletionServer : IAsyncDisposable
{
    private readonly WebApplication _web;
    private readonly EngineThread _engine;
    private readonly RequestGuard _guard;

    private CompletionServer(WebApplication web, EngineThread engine, RequestGuard guard) => (_web, _engine, _guard) = (web, engine, guard);

    /// <summary>Where clients find it, up to the version: "http://127.0.0.1:8000/v1".</summary>
    public string Url => $"{_web.Urls.First()}/v1";

    /// <summary>Begins to serve.</summary>
    /// <param name="model">The model; nobody else computes with it meanwhile.</param>
    /// <param name="options">Where, and the limits.</param>
    /// <param name="prepare">Called on the engine's thread before it computes.</param>
    /// <param name="failed">Is told of errors that are the server's own.</param>
    /// <exception cref="ConfigException">It cannot listen there.</exception>
    public static async Task<CompletionServer> StartAsync(LanguageModel model, ServerOptions options, Action prepare, Action<string> failed)
    {
        IPAddress address = Address(options.Host);
        var metrics = new ServerMetrics();
        var guard = new RequestGuard(options, metrics, failed);
        var engine = new EngineThread(model, prepare, options.MaxRows, options.MaxWaiting, metrics);
        var completions = new CompletionEndpoint(model.Text, engine, metrics, options);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Limit(kestrel, address, options));
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(options.StopSeconds));
        WebApplication web = builder.Build();
        web.Use(guard.InvokeAsync);
        web.UseRouting();
        web.MapPost("/v1/chat/completions", context => completions.AnswerAsync(context, isChat: true));
        web.MapPost("/v1/completions", context => completions.AnswerAsync(context, isChat: false));
        web.MapGet("/v1/models", context => context.Response.WriteAsJsonAsync(Models(model.Text, options.Name), context.RequestAborted));
        web.MapGet("/health", guard.HealthAsync);
        web.MapGet("/metrics", context =>
        {
            context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
            return context.Response.WriteAsync(metrics.Text(), context.RequestAborted);
        });
        try
        {
            await web.StartAsync().ConfigureAwait(false);
            return new CompletionServer(web, engine, guard);
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            engine.Dispose();
            await web.DisposeAsync().ConfigureAwait(false);
            throw new ConfigException($"cannot listen at {options.Host}:{options.Port}: {error.Message.TrimEnd('.')}. Choose another --host or --port.", error);
        }
    }

    /// <summary>Takes no more requests, lets running ones end within their time, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _guard.Drain();
        await _web.StopAsync().ConfigureAwait(false);
        await _web.DisposeAsync().ConfigureAwait(false);
        _engine.Dispose();
    }

    private static void Limit(KestrelServerOptions kestrel, IPAddress address, ServerOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes;
        kestrel.Listen(address, options.Port);
    }

    private static IPAddress Address(string host)
    {
        try
        {
            return IPAddress.TryParse(host, out IPAddress? address) ? address : Dns.GetHostAddresses(host)[0];
        }
        catch (SocketException error)
        {
            throw new ConfigException($"--host {host}: {error.Message}; expected an address of this machine: 127.0.0.1, or 0.0.0.0 for all of them.", error);
        }
    }

    private static JsonObject Models(ModelText model, string name) => new()
    {
        ["object"] = "list",
        ["data"] = new JsonArray(new JsonObject
        {
            ["id"] = name, ["object"] = "model", ["created"] = 0, ["owned_by"] = "rlt", ["max_model_len"] = model.Config.MaxPositions,
        }),
    };
}
