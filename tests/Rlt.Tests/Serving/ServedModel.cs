using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Rlt.Models;
using Rlt.Serving;
using Rlt.Tests.Data;

namespace Rlt.Tests.Serving;

/// <summary>A tiny model, served in this process on a port of its own.</summary>
internal sealed class ServedModel : IAsyncDisposable
{
    private readonly ScratchDirectory _scratch = new();

    private ServedModel(int context)
    {
        Model = LanguageModel.Load(TinyDirectory.Write(_scratch["model"], context: context, scale: 6), TinyDirectory.Device);
        Client = new HttpClient { Timeout = TimeSpan.FromMinutes(2) };
    }

    public LanguageModel Model { get; }

    public HttpClient Client { get; }

    public CompletionServer Server { get; private set; } = null!;

    public List<string> Failures { get; } = [];

    /// <summary>Starts a server of a model named "tiny".</summary>
    public static async Task<ServedModel> StartAsync(int context = 256, Func<ServerOptions, ServerOptions>? change = null)
    {
        var served = new ServedModel(context);
        var options = new ServerOptions { Name = "tiny", Port = 0 };
        served.Server = await CompletionServer.StartAsync(served.Model, change?.Invoke(options) ?? options, TinyDirectory.Device.UseThreads, served.Failures.Add);
        return served;
    }

    /// <summary>Posts a body and reads the answer.</summary>
    public async Task<(int Status, JsonObject Answer)> PostAsync(string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await Client.PostAsync($"{Server.Url}/{path}", content);
        return ((int)response.StatusCode, (await response.Content.ReadFromJsonAsync<JsonObject>())!);
    }

    /// <summary>The answer to a request that succeeds.</summary>
    public async Task<JsonObject> AskAsync(string path, string body)
    {
        (int status, JsonObject answer) = await PostAsync(path, body);
        Assert.True(status == 200, answer.ToJsonString());
        return answer;
    }

    /// <summary>The chunks of a stream, which must end with [DONE].</summary>
    public async Task<JsonObject[]> StreamAsync(string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await Client.PostAsync($"{Server.Url}/{path}", content);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        string[] events = (await response.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.All(events, line => Assert.StartsWith("data: ", line, StringComparison.Ordinal));
        Assert.Equal("data: [DONE]", events[^1]);
        return [.. events[..^1].Select(line => (JsonObject)JsonNode.Parse(line["data: ".Length..])!)];
    }

    /// <summary>A value of /metrics.</summary>
    public async Task<double> MetricAsync(string name)
    {
        string text = await Client.GetStringAsync($"{Server.Url[..^3]}/metrics");
        string line = text.Split('\n').Single(line => line.StartsWith(name + " ", StringComparison.Ordinal));
        return double.Parse(line[(name.Length + 1)..], System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Waits until a value of /metrics is as expected.</summary>
    public async Task MetricBecomesAsync(string name, double expected)
    {
        for (int i = 0; i < 400 && await MetricAsync(name) != expected; i++)
        {
            await Task.Delay(25);
        }

        Assert.Equal(expected, await MetricAsync(name));
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Server.DisposeAsync();
        Model.Dispose();
        _scratch.Dispose();
    }
}
