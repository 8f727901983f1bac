using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Rlt.Tests.Hub;

/// <summary>A server in this process that speaks the Hub's API for one repository, and goes wrong as a test says.</summary>
internal sealed class HubServer : IDisposable
{
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";

    private const int PageEntries = 2;

    private readonly HttpListener _listener = new();
    private readonly List<(string Path, string? Range, string? Authorization)> _requests = [];

    public HubServer()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        Url = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}";
        probe.Stop();
        _listener.Prefixes.Add(Url + "/");
        _listener.Start();
        _ = Task.Run(ServeAsync);
    }

    public string Url { get; }

    /// <summary>The repository's place: "models/org/tiny" or "datasets/org/rows".</summary>
    public string Repository { get; set; } = "models/org/tiny";

    /// <summary>Its files' contents by their names.</summary>
    public Dictionary<string, byte[]> Files { get; } = [];

    /// <summary>What the list adds to a file's size.</summary>
    public Dictionary<string, long> SizeLies { get; } = [];

    /// <summary>Files of which one answer ends after so many bytes.</summary>
    public Dictionary<string, int> BreaksAfter { get; } = [];

    /// <summary>Files whose content comes from another host.</summary>
    public Dictionary<string, string> LeadsTo { get; } = [];

    /// <summary>The status and X-Error-Code of every answer; null: none.</summary>
    public (int Status, string? Code)? Refusal { get; set; }

    /// <summary>Answers 503 so many times first.</summary>
    public int Failures { get; set; }

    public (string Path, string? Range, string? Authorization)[] Requests
    {
        get
        {
            lock (_requests)
            {
                return [.. _requests];
            }
        }
    }

#pragma warning disable CA5350 // Git names its blobs by SHA-1.
    public static string HashOf(string name, byte[] content) => IsLarge(name)
        ? Convert.ToHexStringLower(SHA256.HashData(content))
        : Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]));
#pragma warning restore CA5350

    /// <summary>Adds all files of a folder.</summary>
    public HubServer With(string folder)
    {
        foreach (string file in Directory.EnumerateFiles(folder))
        {
            Files[Path.GetFileName(file)] = File.ReadAllBytes(file);
        }

        return this;
    }

    public void Dispose() => _listener.Close();

    private static bool IsLarge(string name) => Path.GetExtension(name) is ".safetensors" or ".parquet";

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            try
            {
                HttpListenerContext context = await _listener.GetContextAsync();
                _ = Task.Run(() => Answer(context));
            }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private void Answer(HttpListenerContext context)
    {
        string path = context.Request.Url!.AbsolutePath.TrimStart('/');
        bool fails;
        lock (_requests)
        {
            _requests.Add((path, context.Request.Headers["Range"], context.Request.Headers["Authorization"]));
            fails = Failures-- > 0;
        }

        string web = Repository.StartsWith("models/", StringComparison.Ordinal) ? Repository["models/".Length..] : Repository;
        try
        {
            if (fails || Refusal is not null)
            {
                if (!fails && Refusal!.Value.Code is { } code)
                {
                    context.Response.AddHeader("X-Error-Code", code);
                }

                context.Response.StatusCode = fails ? 503 : Refusal!.Value.Status;
            }
            else if (path.StartsWith($"api/{Repository}/revision/", StringComparison.Ordinal))
            {
                Write(context, new JsonObject { ["id"] = "org/tiny", ["sha"] = Commit });
            }
            else if (path == $"api/{Repository}/tree/{Commit}")
            {
                Tree(context);
            }
            else if (path.StartsWith($"{web}/resolve/{Commit}/", StringComparison.Ordinal))
            {
                Content(context, Uri.UnescapeDataString(path[$"{web}/resolve/{Commit}/".Length..]));
            }
            else
            {
                context.Response.AddHeader("X-Error-Code", "RepoNotFound");
                context.Response.StatusCode = 404;
            }

            context.Response.Close();
        }
        catch (Exception error) when (error is HttpListenerException or InvalidOperationException or IOException)
        {
            context.Response.Abort();
        }
    }

    private void Tree(HttpListenerContext context)
    {
        int from = int.Parse(context.Request.QueryString["cursor"] ?? "0", System.Globalization.CultureInfo.InvariantCulture);
        var list = new JsonArray(new JsonObject { ["type"] = "directory", ["path"] = "data", ["oid"] = "0", ["size"] = 0 });
        foreach ((string name, byte[] content) in Files.Skip(from).Take(PageEntries))
        {
            long size = content.Length + SizeLies.GetValueOrDefault(name);
            var entry = new JsonObject { ["type"] = "file", ["path"] = name, ["oid"] = IsLarge(name) ? new string('1', 40) : HashOf(name, content), ["size"] = size };
            if (IsLarge(name))
            {
                entry["lfs"] = new JsonObject { ["oid"] = HashOf(name, content), ["size"] = size, ["pointerSize"] = 130 };
            }

            list.Add(entry);
        }

        if (from + PageEntries < Files.Count)
        {
            context.Response.AddHeader("Link", $"<{Url}/api/{Repository}/tree/{Commit}?cursor={from + PageEntries}>; rel=\"next\"");
        }

        Write(context, list);
    }

    private void Content(HttpListenerContext context, string name)
    {
        byte[] content = Files[name];
        if (IsLarge(name))
        {
            context.Response.AddHeader("X-Linked-Etag", $"\"{HashOf(name, content)}\"");
        }

        if (LeadsTo.TryGetValue(name, out string? other))
        {
            context.Response.Redirect(other + context.Request.Url!.AbsolutePath);
            return;
        }

        int from = context.Request.Headers["Range"] is { } range ? int.Parse(range.Split('=', '-')[1], System.Globalization.CultureInfo.InvariantCulture) : 0;
        context.Response.StatusCode = from > 0 ? 206 : 200;
        context.Response.ContentLength64 = content.Length - from;
        bool breaks;
        int after;
        lock (_requests)
        {
            breaks = BreaksAfter.Remove(name, out after);
        }

        context.Response.OutputStream.Write(content, from, breaks ? after - from : content.Length - from);
        if (breaks)
        {
            context.Response.OutputStream.Flush();
            Thread.Sleep(50);
            context.Response.Abort();
        }
    }

    private static void Write(HttpListenerContext context, JsonNode json) => context.Response.OutputStream.Write(Encoding.UTF8.GetBytes(json.ToJsonString()));
}
