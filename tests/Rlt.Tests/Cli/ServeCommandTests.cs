using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Rlt.Cli;

namespace Rlt.Tests.Cli;

/// <summary><c>rlt serve</c> in a process of its own, and <c>rlt collect --url</c>, which asks it.</summary>
public sealed class ServeCommandTests : IDisposable
{
    private readonly CommandLine _rlt = new();

    public void Dispose() => _rlt.Dispose();

    [Fact]
    public async Task Serve_Term_EndsWithZero()
    {
        using Process server = Start(out string url);
        using var client = new HttpClient();
        JsonObject models = (await client.GetFromJsonAsync<JsonObject>($"{url}/models"))!;
        Assert.Equal("tiny", (string)models["data"]![0]!["id"]!);
        Stop(server);
    }

    [Theory]
    [InlineData("--port", "70000", "--port 70000 --max-batch 64 --queue 256 --max-body 16 --stop-seconds 30: expected a port of 0 to 65535, at least 1 of the next three, and 0 to 86400 seconds")]
    [InlineData("--queue", "0", "--port 8000 --max-batch 64 --queue 0 --max-body 16 --stop-seconds 30: expected a port of 0 to 65535, at least 1 of the next three, and 0 to 86400 seconds")]
    [InlineData("--api-key", "a b", "--api-key, or RLT_API_KEY, is empty or has a space or a letter that no header can carry; expected the key alone.")]
    public void Serve_WrongOptions_AreRefused(string option, string value, string message)
    {
        CommandResult result = _rlt.Run("serve", "--model", "@model", option, value);
        Assert.Equal((2, message), (result.Exit, result.Message));
    }

    /// <summary>The closing tag is a letter that random text has now and then.</summary>
    [Theory]
    [InlineData("first", false)]
    [InlineData("all", true)]
    public void Collect_FromAServer_GivesRowsAsFromTheEngine(string keep, bool scored)
    {
        _rlt.Write("letter.yaml", TinyDirectory.FormatYaml.Replace("explanation_close: \"</e>\"", "explanation_close: \"e\"", StringComparison.Ordinal));
        string[] settings =
        [
            "--config", "@collect.yaml", "--set", $"format={_rlt["letter.yaml"]}", "--set", "samples=8", "--set", "temperature=1", "--set", "max_new_tokens=12", "--set", $"keep={keep}",
            .. scored ? ["--student", "@student"] : Array.Empty<string>(),
        ];
        using Process server = Start(out string url);
        Succeeds(_rlt.Run(["collect", .. settings, "--out", "@engine"]));
        Succeeds(_rlt.Run(["collect", .. settings, "--out", "@server", "--url", url]));
        Succeeds(_rlt.Run(["collect", .. settings, "--out", "@again", "--url", url, "--set", "block_size=1", "--set", "server.concurrency=3"]));
        Stop(server);

        JsonObject[] engine = _rlt.Rows("engine/traces.jsonl"), own = _rlt.Rows("server/traces.jsonl");
        JsonObject asEngine = engine.First(row => !row.ContainsKey("dropped")), asServer = own.First(row => !row.ContainsKey("dropped"));
        Assert.Equal(asEngine.Select(pair => pair.Key), asServer.Select(pair => pair.Key));
        Assert.Equal(scored, asServer.ContainsKey("solution_mean") && asServer.ContainsKey("kl_max") && asServer.ContainsKey("reward"));
        Assert.All(own.Where(row => !row.ContainsKey("dropped")), row =>
        {
            string explanation = (string)row["explanation"]!;
            Assert.False(explanation.Contains('e') || explanation.Contains("<|im_", StringComparison.Ordinal), explanation);
            JsonNode origin = row["origin"]!;
            Assert.Equal((url, _rlt["model"], 0, 1.0), ((string)origin["server"]!, (string)origin["teacher"]!["name"]!, (int)origin["seed"]!, (double)origin["temperature"]!));
            Assert.Equal(64, ((string)origin["teacher"]!["sha256"]!).Length);
            Assert.Equal(scored, origin["student"] is not null);
            Assert.InRange((int)origin["sample"]!, 0, 7);
        });
        Assert.Equal(Enumerable.Range(0, 3), own.Select(row => (int)row["index"]!).Distinct());
        Assert.Equal(File.ReadAllText(_rlt["server/traces.jsonl"]), File.ReadAllText(_rlt["again/traces.jsonl"]));
    }

    [Fact]
    public void Collect_NoServer_IsOneClearError()
    {
        CommandResult result = _rlt.Run("collect", "--config", "@collect.yaml", "--url", "http://127.0.0.1:9/v1", "--set", "server.wait=0");
        Assert.Equal(2, result.Exit);
        Assert.Contains("rlt: http://127.0.0.1:9/v1: Connection refused (127.0.0.1:9); no answer in 0 s. Is the server up, and the address right?", result.Errors, StringComparison.Ordinal);
    }

    private static void Succeeds(CommandResult result) => Assert.True(result.Exit == 0, result.Errors);

    private Process Start(out string url)
    {
        Process process = Process.Start(new ProcessStartInfo("dotnet",
            [typeof(Program).Assembly.Location, "serve", "--model", _rlt["model"], "--name", "tiny", "--port", "0", "--threads", "1"]) { RedirectStandardError = true })!;
        string? line;
        while ((line = process.StandardError.ReadLine()) is not null && !line.StartsWith("serve: model 'tiny' at ", StringComparison.Ordinal))
        {
            Assert.DoesNotContain("rlt: ", line, StringComparison.Ordinal);
        }

        Assert.EndsWith(": 64 sequences at once, 256 tokens each at most", line!, StringComparison.Ordinal);
        url = line!["serve: model 'tiny' at ".Length..].Split(": ")[0];
        return process;
    }

    private static void Stop(Process process)
    {
        using Process kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
        kill.WaitForExit();
        Assert.True(process.WaitForExit(30_000));
        Assert.Equal((0, "\nno new requests; running ones have 30 s to end. Once more to stop at once\nserve: stopped\n"), (process.ExitCode, process.StandardError.ReadToEnd()));
    }
}
