using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rlt.Cli.Launching;
using Rlt.Benchmarks;
using Rlt.Configuration;
using Rlt.Models;
using Rlt.Platform;
using Spectre.Console;
using static TorchSharp.torch;

namespace Rlt.Cli.Commands.Tools;

/// <summary><c>rlt bench</c>: tokens a second of every phase, and how close they are to the machine's limits.</summary>
internal static class BenchCommand
{
    public static Command Create()
    {
        var command = new Command(
            "bench", "Measures prefill, decoding, scoring, a fine-tuning step, a GRPO step and a step of on-policy distillation, beside the machine's own limits in the same run; prints JSON.");
        Option<string?> model = SharedOptions.Optional("--model", "a model directory; its weights are read, and nothing is written");
        Option<string?> shape = SharedOptions.Optional("--shape", $"random weights of a named shape: {string.Join(", ", BenchShapes.Names)}");
        var parts = new Option<string>("--parts")
        {
            Description = "which to measure: prefill, decode, uneven, score, sft, grpo, opd, or all", DefaultValueFactory = _ => "all",
        };
        var rows = new Option<string>("--rows") { Description = "numbers of sequences to decode at once", DefaultValueFactory = _ => "1,2,4,8,16,64,256" };
        var defaults = new BenchOptions();
        Option<int> batch = SharedOptions.Count("--batch", "sequences of a scoring pass and of a training step", defaults.Batch);
        Option<int> tokens = SharedOptions.Count("--tokens", "tokens of each", defaults.Tokens);
        Option<int> prompt = SharedOptions.Count("--prompt", "tokens of a prompt", defaults.Prompt);
        Option<int> newTokens = SharedOptions.Count("--new", "tokens drawn after it", defaults.NewTokens);
        Option<int> questions = SharedOptions.Count("--questions", "questions of a step of GRPO or on-policy distillation", defaults.Questions);
        Option<int> group = SharedOptions.Count("--group", "samples of each question", defaults.Group);
        Option<int> repetitions = SharedOptions.Count("--reps", "runs of each measurement; the median counts", defaults.Repetitions);
        Option<int> budget = SharedOptions.Count("--token-budget", "tokens of one pass", defaults.TokenBudget);
        var recompute = new Option<bool>("--recompute") { Description = "computes layers again in the backward pass instead of keeping their graphs" };
        var table = new Option<bool>("--table") { Description = "prints a table for people instead of JSON" };
        Option[] all = [model, shape, parts, rows, batch, tokens, prompt, newTokens, questions, group, repetitions, budget, recompute, table];
        Array.ForEach(all, command.Options.Add);
        var sharding = new Option<string>("--sharding")
        {
            Description = "what each of several ranks (rlt launch) holds its share of: none, zero1, zero2, zero3", DefaultValueFactory = _ => "zero2",
        };
        command.Options.Add(sharding);
        var device = new DeviceOptions(command);
        command.SetAction(parsed =>
        {
            var options = new BenchOptions
            {
                Parts = Parts(parsed.GetValue(parts)!),
                Rows = Rows(parsed.GetValue(rows)!),
                Batch = parsed.GetValue(batch),
                Tokens = parsed.GetValue(tokens),
                Prompt = parsed.GetValue(prompt),
                NewTokens = parsed.GetValue(newTokens),
                Questions = parsed.GetValue(questions),
                Group = parsed.GetValue(group),
                Repetitions = parsed.GetValue(repetitions),
                TokenBudget = parsed.GetValue(budget),
                Recompute = parsed.GetValue(recompute),
            };
            JsonObject report = Measure(
                parsed.GetValue(model) is { } given ? Startup.ModelAt(given) : null, parsed.GetValue(shape), options, device.Resolve(parsed) with { Sharding = parsed.GetValue(sharding)! }, device.Seed(parsed));
            if (parsed.GetValue(table))
            {
                Show(report);
            }
            else
            {
                Console.WriteLine(report.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
            }
        });
        return command;
    }

    private static JsonObject Measure(string? directory, string? shape, BenchOptions options, DeviceConfig where, long seed)
    {
        if ((directory is null) == (shape is null))
        {
            throw new ConfigException($"bench needs either --model DIR or --shape NAME ({string.Join(", ", BenchShapes.Names)})");
        }

        JoinedRanks.Use(where);
        Device device = where.Resolve();
        using Decoder model = directory is null
            ? ModelFiles.Random(BenchShapes.Get(shape!), seed, where.ResolveDtype() ?? Precision.Auto(ScalarType.BFloat16, device.type), device)
            : ModelFiles.Load(directory, where.ResolveDtype(), device);
        if (options.Prompt + options.NewTokens > model.Config.MaxPositions || options.Tokens >= model.Config.MaxPositions)
        {
            throw new ConfigException($"--tokens, and --prompt with --new, must stay below the model's {model.Config.MaxPositions} positions");
        }

        var report = new JsonObject
        {
            ["model"] = directory ?? shape,
            ["parameters"] = model.Config.ParameterCount,
            ["device"] = device.ToString(),
            ["dtype"] = model.Dtype == ScalarType.BFloat16 ? "bf16" : "fp32",
            ["activations"] = model.ActivationType == ScalarType.BFloat16 ? "bf16" : "fp32",
            ["threads"] = get_num_threads(),
            ["ranks"] = model.Sharding.Ranks.Size,
            ["libtorch"] = TorchLibrary.Version,
            ["products"] = TorchLibrary.Products,
        };
        MachineLimits limits = MachineLimits.Measure(model.ActivationType, device);
        report["gemm_peak_gflops"] = Math.Round(limits.GemmFlops / 1e9, 1);
        report["copy_gb_per_second"] = Math.Round(limits.CopyBytes / 1e9, 1);
        foreach ((string name, JsonNode? part) in new Benchmark(model, options, limits).Run())
        {
            report[name] = part!.DeepClone();
        }

        report["peak_memory_mib"] = ProcessMemory.PeakBytes(device) >> 20;
        return report;
    }

    private static BenchParts Parts(string text) => text.Split(',', StringSplitOptions.TrimEntries).Select(part =>
        Enum.TryParse(part, ignoreCase: true, out BenchParts known) && Enum.IsDefined(known)
            ? known
            : throw new ConfigException($"--parts has '{part}'; expected prefill, decode, uneven, score, sft, grpo, opd or all")).Aggregate((a, b) => a | b);

    private static int[] Rows(string text) => [.. text.Split(',', StringSplitOptions.TrimEntries).Select(part =>
        int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int rows) && rows > 0
            ? rows
            : throw new ConfigException($"--rows has '{part}'; expected counts such as 1,16,64"))];

    // One line for every figure, the path to it as its name.
    private static void Show(JsonObject report)
    {
        var table = new Table().Border(TableBorder.None).HideHeaders().AddColumns("what", "value");
        AddRows(table, "", report);
        Terminal.Write(table);
    }

    private static void AddRows(Table table, string path, JsonObject node)
    {
        foreach ((string name, JsonNode? value) in node)
        {
            if (value is JsonObject nested)
            {
                AddRows(table, $"{path}{name} ", nested);
            }
            else
            {
                table.AddRow(Markup.Escape(path + name), Markup.Escape(value?.ToString() ?? ""));
            }
        }
    }
}
