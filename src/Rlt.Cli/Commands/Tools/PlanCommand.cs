using System.CommandLine;
using System.Text.Json;
using Rlt.Planning;
using Rlt.RunPlans;

namespace Rlt.Cli.Commands.Tools;

/// <summary><c>rlt plan</c>: the memory of a run by phase and part, and what to change where it does not fit.</summary>
internal static class PlanCommand
{
    /// <summary>The exit code of a plan that does not fit.</summary>
    private const int DoesNotFit = 4;

    public static Command Create()
    {
        var command = new Command("plan", "Memory of a run, by phase and part, before it is started: what it chooses, whether it fits, and what to change. "
            + "Reads config.json and the data's lengths, no weights.");
        var options = new RunOptions(command,
            ("--model", "model", "the model directory, or the name of a shape of rlt bench"),
            ("--student", "student", "the student's, likewise"),
            ("--data", "data", "the data; where it is not there, the longest texts that the config allows are assumed"));
        Option<string?> memory = SharedOptions.Optional(
            "--gpu-memory", "the GPU's memory, such as 80G (80 alone is gigabytes too); without it the device's own");
        Option<string?> bench = SharedOptions.Optional("--bench", "a report of rlt bench: adds the expected time of a step on that machine");
        var json = new Option<bool>("--json") { Description = "prints JSON instead of tables" };
        var gpus = new Option<int>("--gpus") { Description = "plans for so many ranks on a machine, a GPU each", DefaultValueFactory = _ => 1 };
        var nodes = new Option<int>("--nodes") { Description = "plans for so many machines with --gpus each", DefaultValueFactory = _ => 1 };
        Option<string?> link = SharedOptions.Optional("--link", "what a machine sends to the others, such as 400Gb: adds the time of what is sent in a step");
        command.Takes(memory, bench, gpus, nodes, link, json);
        command.SetAction(parsed =>
        {
            long? gpuBytes = parsed.GetValue(memory) is { } size ? MemoryLimit.Parse(size) : null;
            if (parsed.GetValue(memory) is { } bare && MemoryLimit.IsGigabytes(bare))
            {
                Console.Error.WriteLine($"--gpu-memory {bare} is read as {MemoryLimit.Text(gpuBytes!.Value)} (10⁹ bytes each)");
            }

            (string? file, string[] overrides) = options.Settings(parsed);
            var ranks = new RankPlan(
                AtLeastOne("--nodes", parsed.GetValue(nodes)), AtLeastOne("--gpus", parsed.GetValue(gpus)),
                parsed.GetValue(link) is { } speed ? RankPlan.ParseLink(speed) : null);
            var plan = RunPlan.Of(PlannedConfig.Read(file, overrides), gpuBytes, parsed.GetValue(bench), ranks);
            if (parsed.GetValue(json))
            {
                Console.WriteLine(plan.ToJson().ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
            }
            else
            {
                new PlanReport(plan).Show();
            }

            return plan.Fits == false ? DoesNotFit : 0;
        });
        return command;
    }

    private static int AtLeastOne(string option, int value) =>
        value >= 1 ? value : throw new ConfigException($"{option} is {value}; expected 1 or more");
}
