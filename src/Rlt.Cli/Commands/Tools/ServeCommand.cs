using System.CommandLine;
using System.Globalization;
using System.Net;
using Rlt.Configuration;
using Rlt.Models;
using Rlt.Serving;

namespace Rlt.Cli.Commands.Tools;

/// <summary><c>rlt serve</c>: a model behind OpenAI's interface.</summary>
internal static class ServeCommand
{
    private const string KeyVariable = "RLT_API_KEY";

    public static Command Create()
    {
        var command = new Command("serve", "Serves a model by OpenAI's interface: chat and completions, until Ctrl-C or SIGTERM.");
        Option<string> model = SharedOptions.Required("--model", "a Hugging Face model directory");
        Option<string?> name = SharedOptions.Optional("--name", "the name that clients ask for; as --model is written by default");
        var host = new Option<string>("--host")
        {
            Description = "the address to listen at; 0.0.0.0: all of this machine's", DefaultValueFactory = _ => "127.0.0.1",
        };
        var port = new Option<int>("--port") { Description = "the port; 0: any that is free", DefaultValueFactory = _ => 8000 };
        Option<string?> key = SharedOptions.Optional("--api-key", $"the key that requests must bring; {KeyVariable} by default, which other users do not see");
        var rows = new Option<int>("--max-batch") { Description = "sequences decoded at once", DefaultValueFactory = _ => 64 };
        var queue = new Option<int>("--queue") { Description = "requests that wait at most; further ones get 429", DefaultValueFactory = _ => 256 };
        var body = new Option<int>("--max-body") { Description = "MiB of a request at most", DefaultValueFactory = _ => 16 };
        var stopSeconds = new Option<double>("--stop-seconds")
        {
            Description = "seconds that running requests have when the server is stopped", DefaultValueFactory = _ => 30,
        };
        command.Takes(model, name, host, port, key, rows, queue, body, stopSeconds);

        var device = new DeviceOptions(command);
        command.SetAction((parsed, stop) =>
        {
            var options = new ServerOptions
            {
                Name = parsed.GetValue(name) ?? parsed.GetValue(model)!,
                Host = parsed.GetValue(host)!,
                Port = parsed.GetValue(port),
                Key = parsed.GetValue(key) ?? Environment.GetEnvironmentVariable(KeyVariable),
                MaxRows = parsed.GetValue(rows),
                MaxWaiting = parsed.GetValue(queue),
                MaxBodyBytes = (long)parsed.GetValue(body) << 20,
                StopSeconds = parsed.GetValue(stopSeconds),
                Seed = device.Seed(parsed),
            };
            Check(options);
            return RunAsync(parsed.GetValue(model)!, options, device.Resolve(parsed), stop);
        });
        return command;
    }

    private static void Check(ServerOptions options)
    {
        if (options.Port is < 0 or > IPEndPoint.MaxPort || options.MaxRows < 1 || options.MaxWaiting < 1 || options.MaxBodyBytes < 1
            || !(options.StopSeconds is >= 0 and <= 86400))
        {
            throw new ConfigException($"--port {options.Port} --max-batch {options.MaxRows} --queue {options.MaxWaiting} "
                + string.Create(CultureInfo.InvariantCulture, $"--max-body {options.MaxBodyBytes >> 20} --stop-seconds {options.StopSeconds}: ")
                + $"expected a port of 0 to {IPEndPoint.MaxPort}, at least 1 of the next three, and 0 to 86400 seconds");
        }

        if (options.Key is { } key && (key.Length == 0 || !key.All(letter => letter is > ' ' and <= '~')))
        {
            throw new ConfigException($"--api-key, or {KeyVariable}, is empty or has a space or a letter that no header can carry; expected the key alone.");
        }
    }

    private static async Task<int> RunAsync(string directory, ServerOptions options, DeviceConfig device, CancellationToken stop)
    {
        using LanguageModel model = Startup.Load(directory, device);
        CompletionServer server = await CompletionServer.StartAsync(model, options, device.UseThreads, Say).ConfigureAwait(false);
        await using (server.ConfigureAwait(false))
        {
            StopSignals.Saves(
                () => "running requests are cut off", $"no new requests; running ones have {options.StopSeconds:0.#} s to end. Once more to stop at once");
            bool isLocal = options.Host == "localhost" || (IPAddress.TryParse(options.Host, out IPAddress? address) && IPAddress.IsLoopback(address));
            bool isOpen = options.Key is null && !isLocal;
            Startup.Warn(isOpen ? [$"{options.Host} may be reached from other machines, and there is no key: give --api-key, or set {KeyVariable}"] : []);
            Say($"model '{options.Name}' at {server.Url}: {options.MaxRows} sequences at once, {model.Text.Config.MaxPositions} tokens each at most");
            await Task.Delay(Timeout.Infinite, stop).ContinueWith(_ => { }, TaskScheduler.Default).ConfigureAwait(false);
        }

        Say("stopped");
        return 0;
    }

    private static void Say(string line) => Console.Error.WriteLine($"serve: {line}");
}
