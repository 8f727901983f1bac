using System.Reflection;
using System.Text.Json.Nodes;
using Rlt.Cli.Launching;
using Rlt.Configuration;
using Rlt.Evaluation;
using Rlt.Platform;
using Rlt.Runs;
using Rlt.Teaching.Collection;
using Rlt.Training.Grpo;
using Rlt.Training.Optimization;
using Rlt.Training.Sft;

namespace Rlt.Cli;

/// <summary>Opens the folder of a run by its config.</summary>
internal static class ConfiguredRun
{
    /// <summary>A new folder, or one whose earlier run may go on: its settings differ only where they may, and what it reads is still the same.</summary>
    /// <exception cref="ConfigException">As <see cref="RunFolder.Open"/>; all that may not differ is named.</exception>
    public static RunFolder Open<T>(string path, T config)
        where T : DataRunConfig
    {
        RequireWorkForAll(config, JoinedRanks.Current.Size);
        JsonObject inputs = ResumeCheck.Inputs(config);
        JsonObject record = Record(
            inputs, usesLibtorch: config is not (EvalConfig { Server.Url: not null } or CollectConfig { Server.Url: not null, Student: null }));
        T shown = HubConfig.Shown(config);
        RunFolder opened = JoinedRanks.InTurn(
            () => RunFolder.Open(path, ConfigWriter.ToYaml(shown), record, folder => Notes(folder, Earlier<T>(path), shown, inputs)));
        StopSignals.Saves(opened);
        return opened;
    }

    private static void RequireWorkForAll(DataRunConfig config, int ranks)
    {
        (string settings, long rows) = config switch
        {
            GrpoConfig grpo => ("questions_per_step times group_size", (long)grpo.QuestionsPerStep * grpo.GroupSize),
            SftConfig sft => ("batch_size", sft.BatchSize),
            _ => ("", long.MaxValue),
        };
        if (rows < ranks)
        {
            throw new ConfigException($"{settings} is {rows}: fewer rows a step than the {ranks} ranks that share them. Raise it, or start fewer ranks.");
        }
    }

    private static ResumeNotes Notes(RunFolder folder, DataRunConfig before, DataRunConfig now, JsonObject inputs)
    {
        var check = ResumeCheck.Of(folder.Path, before, now, inputs);
        (int steps, ScheduleKind schedule) = now switch
        {
            SftConfig sft => (sft.Steps, sft.Optimizer.Schedule),
            GrpoConfig grpo => (grpo.Steps, grpo.Optimizer.Schedule),
            _ => (0, ScheduleKind.Constant),
        };
        string[] refused =
        [
            .. check.Refused,
            .. steps > 0 && folder.StepsKept() is var kept && kept > steps ? [$"steps {kept} taken there, {steps} now"] : Array.Empty<string>(),
        ];
        if (refused.Length > 0)
        {
            throw new ConfigException($"{folder.Path} holds a run in which these may not change: {string.Join("; ", refused)}. "
                + $"Choose another --out, or repeat what it had ({Path.Combine(folder.Path, RunFolder.ConfigFile)}) to go on.");
        }

        bool hasOtherLength = schedule != ScheduleKind.Constant && check.Changed.Any(change => change.Key is "steps" or "epochs");
        return new ResumeNotes(
            check.Changed.Count == 0 ? [] : [$"settings that are other than before: {string.Join("; ", check.Changed.Select(ResumeCheck.Text))}"],
            [
                .. check.Warnings,
                .. hasOtherLength
                    ? [$"optimizer.schedule is {schedule.ToString().ToLowerInvariant()}, and the run is of another length: "
                        + "from here on the learning rate is that of the new length"]
                    : Array.Empty<string>(),
            ]);
    }

    private static T Earlier<T>(string path)
        where T : class
    {
        try
        {
            return ConfigLoader.Load<T>(Path.Combine(path, RunFolder.ConfigFile), []);
        }
        catch (ConfigException error)
        {
            throw new ConfigException($"{path} holds a run of another command or version: {error.Message.Split('\n')[0].TrimEnd()} "
                + "Choose another --out.", error);
        }
    }

    private static JsonObject Record(JsonObject inputs, bool usesLibtorch)
    {
        string[] version = typeof(ConfiguredRun).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+');
        return new JsonObject
        {
            ["started"] = RunRecord.Now(),
            ["command"] = SameCommand.Line(),
            ["folder"] = Directory.GetCurrentDirectory(),
            ["rlt"] = version[0],
            ["commit"] = version.Length > 1 ? version[1] : null,
            ["libtorch"] = usesLibtorch ? TorchLibrary.Computing : null,
            ["host"] = Environment.MachineName,
            ["inputs"] = inputs,
        };
    }
}
