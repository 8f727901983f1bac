using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Rlt.Tests.Evaluation.Serving;

/// <summary>A small HTTP server in this process that answers as a test says.</summary>
internal sealed class TestServer : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Func<int, JsonObject, Reply> _answer;
    private readonly List<JsonObject> _requests = [];
    private int _under;

    /// <summary>A server.</summary>
    /// <param name="answer">Gives the reply to a request, of which it gets the number, from 0, and the body.</param>
    public TestServer(Func<int, JsonObject, Reply> answer)
    {
        _answer = answer;
        for (int attempt = 0; ; attempt++)
        {
            Url = $"http://127.0.0.1:{FreePort()}/v1";
            _listener.Prefixes.Clear();
            _listener.Prefixes.Add(Url + "/");
            try
            {
                _listener.Start();
                break;
            }
            catch (HttpListenerException) when (attempt < 10)
            {
                // The port was taken in between; the next one will do.
            }
        }

        _ = Task.Run(ServeAsync);
    }

    /// <summary>What the server says.</summary>
    internal sealed record Reply(int Status, byte[] Body)
    {
        /// <summary>The header of this name; null for none.</summary>
        public string? RetryAfter { get; init; }

        /// <summary>A chat completion.</summary>
        public static Reply Chat(string text, string reason = "stop", int tokens = 3) =>
            Of(200, $$"""{"choices": [{"message": {"role": "assistant", "content": {{JsonValue.Create(text)!.ToJsonString()}}}, "finish_reason": "{{reason}}"}], "usage": {"completion_tokens": {{tokens}} } }""");

        /// <summary>Any text.</summary>
        public static Reply Of(int status, string body) => new(status, Encoding.UTF8.GetBytes(body));
    }

    public string Url { get; }

    /// <summary>The most requests that were under way at once.</summary>
    public int MostAtOnce { get; private set; }

    /// <summary>The paths that were asked.</summary>
    public HashSet<string> Paths { get; } = [];

    /// <summary>The bodies of all requests so far.</summary>
    public JsonObject[] Requests
    {
        get
        {
            lock (_requests)
            {
                return [.. _requests];
            }
        }
    }

    public void Dispose() => _listener.Close();

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            try
            {
                HttpListenerContext context = await _listener.GetContextAsync();
                _ = Task.Run(() => ReplyAsync(context));
            }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ReplyAsync(HttpListenerContext context)
    {
        using var reader = new StreamReader(context.Request.InputStream);
        var body = (JsonObject)JsonNode.Parse(await reader.ReadToEndAsync())!;
        int number;
        lock (_requests)
        {
            number = _requests.Count;
            _requests.Add(body);
            Paths.Add(context.Request.Url!.AbsolutePath);
            MostAtOnce = Math.Max(MostAtOnce, ++_under);
        }

        Reply reply = _answer(number, body);
        lock (_requests)
        {
            _under--;
        }

        context.Response.StatusCode = reply.Status;
        if (reply.RetryAfter is { } wait)
        {
            context.Response.AddHeader("Retry-After", wait);
        }

        await context.Response.OutputStream.WriteAsync(reply.Body);
        context.Response.Close();
    }
}
