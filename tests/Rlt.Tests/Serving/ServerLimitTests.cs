using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Rlt.Serving;

namespace Rlt.Tests.Serving;

/// <summary>What a server refuses, bounds, counts, and how it ends.</summary>
public sealed class ServerLimitTests
{
    // Tokens enough for minutes.
    private const int Context = 1 << 18;
    private const string Endless = "{\"prompt\": \"abc\", \"max_tokens\": 200000, \"ignore_eos\": true";

    [Fact]
    public async Task WrongRequests_AreRefused_InOpenAisForm()
    {
        (string Path, string Body, int Status, string Code, string Message)[] cases =
        [
            ("completions", "{", 400, "invalid_json", "the body is not JSON: "),
            ("completions", "[1]", 400, "invalid_json", "the body is a JSON Array; expected an object"),
            ("completions", "{}", 400, "invalid_value", "prompt is missing; expected a text, token ids, or a list of either"),
            ("completions", """{"prompt": []}""", 400, "invalid_value", "prompt is []; expected a text, token ids, or a list of either"),
            ("completions", """{"prompt": ""}""", 400, "invalid_value", "prompt has no token; expected at least one"),
            ("completions", """{"prompt": [1, 9999]}""", 400, "invalid_value", "prompt is 9999; expected token ids of 0 to 1023"),
            ("completions", """{"prompt": "a", "model": "gpt"}""", 404, "model_not_found", "the model 'gpt' is not served here; 'tiny' is"),
            ("completions", """{"prompt": "a", "temperature": -1}""", 400, "invalid_value", "temperature is -1; expected a number of 0 to 100"),
            ("completions", """{"prompt": "a", "temperature": 1e999}""", 400, "invalid_value", "temperature is 1e999; expected a number of 0 to 100"),
            ("completions", """{"prompt": "a", "n": 200}""", 400, "invalid_value", "n is 200; expected a whole number of 1 to 128"),
            ("completions", """{"prompt": ["a", "b"], "n": 100}""", 400, "invalid_value", "n and prompt ask for 200 answers; expected 128 in one request at most"),
            ("completions", """{"prompt": "a", "stop": ""}""", 400, "invalid_value", "stop is \"\"; expected a text that is not empty, or a list of 16 of them at most"),
            ("completions", """{"prompt": "a", "max_tokens": 0}""", 400, "invalid_value", "max_tokens is 0, which asks for nothing; "),
            ("completions", """{"prompt": "a", "max_tokens": 500}""", 400, "context_length_exceeded", "the model's context length is 256 tokens; prompt has 1 and 500 are asked for. Shorten it, or lower max_tokens to 255"),
            ("completions", """{"prompt": "a", "temprature": 1}""", 400, "unknown_parameter", "temprature is not a field that this server reads; leave it out"),
            ("completions", """{"prompt": "a", "frequency_penalty": 0.5}""", 400, "unsupported_parameter", "frequency_penalty is 0.5; this server does without it: expected 0, or nothing"),
            ("completions", """{"prompt": "a", "prompt_logprobs": 1, "stream": true}""", 400, "invalid_value", "prompt_logprobs is asked for with stream; expected one of the two"),
            ("chat/completions", """{"messages": []}""", 400, "invalid_value", "messages is []; expected a list of {role, content}"),
            ("chat/completions", """{"messages": [{"content": "a"}]}""", 400, "invalid_value", "messages[0].role is missing, or no text; expected system, user or assistant"),
            ("chat/completions", """{"messages": [{"role": "user"}]}""", 400, "invalid_value", "messages[0].content is missing, or no text; "),
            ("chat/completions", """{"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}""", 400, "invalid_value", "messages[0].content is {\"type\": \"image_url\"}; expected parts of type text alone"),
            ("chat/completions", """{"messages": [{"role": "user", "content": "a"}], "top_logprobs": 2}""", 400, "invalid_value", "top_logprobs is set without logprobs; "),
            ("chat/completions", """{"messages": [{"role": "user", "content": "a"}], "tools": [{}]}""", 400, "unsupported_parameter", "tools is [{}]; this server does without it: expected [], or nothing"),
            ("embeddings", "{}", 404, "not_found", "POST /v1/embeddings is nothing here; "),
        ];
        await using ServedModel served = await ServedModel.StartAsync();
        foreach ((string path, string body, int status, string code, string message) in cases)
        {
            (int actual, JsonObject answer) = await served.PostAsync(path, body);
            JsonNode error = answer["error"]!;
            Assert.Equal((status, code), (actual, (string)error["code"]!));
            Assert.StartsWith(message, (string)error["message"]!, StringComparison.Ordinal);
            Assert.Equal("invalid_request_error", (string)error["type"]!);
        }

        using HttpResponseMessage get = await served.Client.GetAsync($"{served.Server.Url}/completions");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, get.StatusCode);
        Assert.Empty(served.Failures);
    }

    [Fact]
    public async Task FormsAndLargeBodies_AreRefused()
    {
        await using ServedModel served = await ServedModel.StartAsync(change: options => options with { MaxBodyBytes = 1000 });
        using var form = new StringContent("""{"prompt": "a"}""", Encoding.UTF8, "text/plain");
        using HttpResponseMessage refused = await served.Client.PostAsync($"{served.Server.Url}/completions", form);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, refused.StatusCode);
        (int status, JsonObject answer) = await served.PostAsync("completions", $$"""{"prompt": "{{new string('a', 2000)}}"}""");
        Assert.Equal(413, status);
        Assert.EndsWith("This server takes 1000 bytes (--max-body).", (string)answer["error"]!["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Key_IsAskedFor_UnderV1Alone()
    {
        await using ServedModel served = await ServedModel.StartAsync(change: options => options with { Key = "sesame" });
        (int status, JsonObject answer) = await served.PostAsync("completions", """{"prompt": "a"}""");
        Assert.Equal((401, "invalid_api_key"), (status, (string)answer["error"]!["code"]!));
        served.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "sesam");
        Assert.Equal(401, (await served.PostAsync("completions", """{"prompt": "a"}""")).Status);
        served.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "sesame");
        await served.AskAsync("completions", """{"prompt": "a", "max_tokens": 1}""");
        served.Client.DefaultRequestHeaders.Authorization = null;
        Assert.Equal("ok\n", await served.Client.GetStringAsync($"{served.Server.Url[..^3]}/health"));
    }

    [Fact]
    public async Task ModelsAndMetrics_TellWhatIsServed()
    {
        await using ServedModel served = await ServedModel.StartAsync();
        JsonObject models = (await served.Client.GetFromJsonAsync<JsonObject>($"{served.Server.Url}/models"))!;
        Assert.Equal(("tiny", 256), ((string)models["data"]![0]!["id"]!, (int)models["data"]![0]!["max_model_len"]!));
        await served.AskAsync("completions", """{"prompt": [5, 6, 7], "max_tokens": 4, "ignore_eos": true, "n": 2}""");
        await served.PostAsync("completions", "{}");
        await served.MetricBecomesAsync("rlt_rows_running", 0);
        Assert.Equal(3, await served.MetricAsync("rlt_prompt_tokens_total"));
        Assert.Equal(8, await served.MetricAsync("rlt_generated_tokens_total"));
        Assert.Equal(4, await served.MetricAsync("rlt_engine_steps_total"));
        Assert.Equal(0, await served.MetricAsync("rlt_requests_waiting"));
        Assert.Equal(1, await served.MetricAsync("rlt_requests_total{path=\"/v1/completions\",status=\"200\"}"));
        Assert.Equal(1, await served.MetricAsync("rlt_requests_total{path=\"/v1/completions\",status=\"400\"}"));
        Assert.Equal(1, await served.MetricAsync("rlt_time_to_first_token_seconds_bucket{le=\"+Inf\"}"));
    }

    [Fact]
    public async Task FullQueue_Is429_AndACancelledRequestGivesItsRoomBack()
    {
        await using ServedModel served = await ServedModel.StartAsync(Context, options => options with { MaxRows = 2, MaxWaiting = 1 });
        using var gone = new CancellationTokenSource();
        Task running = SendAsync(served, Endless + ", \"n\": 2}", gone.Token);
        await served.MetricBecomesAsync("rlt_rows_running", 2);
        Task<JsonObject> waiting = served.AskAsync("completions", """{"prompt": "a", "max_tokens": 2}""");
        await served.MetricBecomesAsync("rlt_requests_waiting", 1);
        using var body = new StringContent("""{"prompt": "a"}""", Encoding.UTF8, "application/json");
        using HttpResponseMessage refused = await served.Client.PostAsync($"{served.Server.Url}/completions", body);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.False(waiting.IsCompleted);

        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await waiting.WaitAsync(TimeSpan.FromSeconds(10));
        await served.MetricBecomesAsync("rlt_rows_running", 0);
    }

    [Fact]
    public async Task NewRequest_EntersWhileAnotherIsDecoded()
    {
        await using ServedModel served = await ServedModel.StartAsync(Context);
        using var gone = new CancellationTokenSource();
        Task running = SendAsync(served, Endless + ", \"stream\": true}", gone.Token);
        await served.MetricBecomesAsync("rlt_rows_running", 1);
        await served.AskAsync("completions", """{"prompt": "a", "max_tokens": 3}""").WaitAsync(TimeSpan.FromSeconds(10));
        Assert.False(running.IsCompleted);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await served.MetricBecomesAsync("rlt_rows_running", 0);
    }

    [Fact]
    public async Task Stop_LetsRunningRequestsEnd_AndTakesNoNew()
    {
        ServedModel served = await ServedModel.StartAsync(Context);
        using var client = new HttpClient();
        using var body = new StringContent("{\"prompt\": \"abc\", \"max_tokens\": 3000, \"ignore_eos\": true, \"seed\": 1}", Encoding.UTF8, "application/json");
        Task<HttpResponseMessage> running = client.PostAsync($"{served.Server.Url}/completions", body);
        await served.MetricBecomesAsync("rlt_rows_running", 1);
        Task stopped = served.DisposeAsync().AsTask();
        await Task.Delay(100);
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync($"{served.Server.Url}/models"));
        using HttpResponseMessage response = await running;
        JsonObject answer = (await response.Content.ReadFromJsonAsync<JsonObject>())!;
        Assert.Equal(3000, (int)answer["usage"]!["completion_tokens"]!);
        await stopped;
    }

    [Fact]
    public async Task Stop_CutsOffWhatTakesLonger()
    {
        ServedModel served = await ServedModel.StartAsync(Context, options => options with { StopSeconds = 0.5 });
        using var client = new HttpClient();
        using var body = new StringContent(Endless + "}", Encoding.UTF8, "application/json");
        Task<HttpResponseMessage> running = client.PostAsync($"{served.Server.Url}/completions", body);
        await served.MetricBecomesAsync("rlt_rows_running", 1);
        var clock = Stopwatch.StartNew();
        await served.DisposeAsync();
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.4, 20);
        await Assert.ThrowsAsync<HttpRequestException>(() => running);
    }

    [Fact]
    public async Task Port_Taken_IsOneClearError()
    {
        await using ServedModel served = await ServedModel.StartAsync();
        int port = new Uri(served.Server.Url).Port;
        var error = await Assert.ThrowsAsync<ConfigException>(() => CompletionServer.StartAsync(
            served.Model, new ServerOptions { Name = "tiny", Port = port }, () => { }, _ => { }));
        Assert.Equal($"cannot listen at 127.0.0.1:{port}: Failed to bind to address http://127.0.0.1:{port}: address already in use. Choose another --host or --port.", error.Message);
    }

    private static async Task SendAsync(ServedModel served, string body, CancellationToken gone)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await served.Client.PostAsync($"{served.Server.Url}/completions", content, gone);
        await response.Content.ReadAsStringAsync(gone);
    }
}
