using System.Globalization;
using System.Text.Json.Nodes;
using Rlt.Runs;
using Rlt.Teaching;

namespace Rlt.Tests.Cli;

/// <summary>A trained teacher's format and reward are those that its explanations are collected and scored by, and it is said where they come from.</summary>
public sealed class TeacherRecordTests : IDisposable
{
    private readonly CommandLine _rlt = new();

    public TeacherRecordTests()
    {
        // A tag that tiny models write by chance, so that there are traces.
        _rlt.Write("easy.yaml", TinyDirectory.FormatYaml.Replace("</e>", "e", StringComparison.Ordinal));
        Train("teacher");
        _rlt.Write("plain.yaml", $"""
            model: {_rlt["teacher/model"]}
            student: {_rlt["student"]}
            data: {_rlt["data.jsonl"]}
            out: {_rlt["traces"]}
            samples: 4
            keep: best
            max_new_tokens: 60
            device: {"{threads: 1}"}

            """);
    }

    private string File => _rlt[$"teacher/model/{TeacherRecord.FileName}"];

    public void Dispose() => _rlt.Dispose();

    [Fact]
    public void TrainTeacher_ModelAndCheckpoint_HoldTheRecord()
    {
        JsonObject record = JsonNode.Parse(System.IO.File.ReadAllText(File))!.AsObject();
        Assert.Equal((_rlt["easy.yaml"], _rlt["student"], -2), ((string)record["format"]!, (string)record["student"]!, (double)record["reward"]!["missing_tag_penalty"]!));
        Assert.Equal("e", (string)record["tags"]!["explanation_close"]!);
        Assert.Equal(Fingerprint.OfModel(_rlt["student"]), (string)record["student_sha256"]!);
        Assert.NotEqual(Fingerprint.OfModel(_rlt["student"]), Fingerprint.OfModel(_rlt["model"]));
        Assert.True(System.IO.File.Exists(_rlt[$"teacher/checkpoints/step-000001/{TeacherRecord.FileName}"]));
        Assert.Equal(TeacherRecord.Read(_rlt["teacher/model"])!.Tags, TinyDirectory.Format with { ExplanationClose = "e" });
    }

    [Fact]
    public void Collect_NothingSaid_TakesTheTeachersAndSaysSo()
    {
        CommandResult result = _rlt.Run("collect", "--config", "@plain.yaml");
        Assert.Equal(0, result.Exit);
        Assert.Contains($"format {_rlt["easy.yaml"]} and reward as in the teacher's training ({File})\n", result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("warning: ", result.Errors, StringComparison.Ordinal);
        string written = System.IO.File.ReadAllText(_rlt["traces/config.yaml"]);
        Assert.Contains("missing_tag_penalty: -2\n", written, StringComparison.Ordinal);

        // Both means, of all explanations and of those kept.
        JsonObject metrics = Assert.Single(_rlt.Rows("traces/metrics.jsonl"));
        JsonObject[] kept = [.. _rlt.Rows("traces/traces.jsonl").Where(row => !row.ContainsKey("dropped"))];
        Assert.NotEmpty(kept);
        Assert.Equal(kept.Average(row => (double)row["reward"]!), (double)metrics["reward_kept"]!, 1e-9);
        Assert.True((double)metrics["reward_kept"]! > (double)metrics["reward"]!);
        Assert.Contains(string.Create(CultureInfo.InvariantCulture,
            $"mean reward: {(double)metrics["reward"]!:G4} of all 12 explanations, {(double)metrics["reward_kept"]!:G4} of the {kept.Length} kept\n"), result.Errors, StringComparison.Ordinal);
        Assert.Equal(0, _rlt.Run("collect", "--config", "@plain.yaml").Exit);
    }

    [Fact]
    public void Collect_OtherSettings_AreUsedAndWhatDiffersIsSaid()
    {
        CommandResult result = _rlt.Run(
            "collect", "--config", "@plain.yaml", "--student", "@model", "--set", $"format={_rlt["format.yaml"]}", "--set", "reward.missing_tag_penalty=-3");
        Assert.Equal(0, result.Exit);
        Assert.DoesNotContain("as in the teacher's training", result.Errors, StringComparison.Ordinal);
        Assert.Contains($"warning: format: not that of the teacher's training ({File}): explanation_close e there, ", result.Errors, StringComparison.Ordinal);
        Assert.Contains($"warning: reward: not that of the teacher's training ({File}): missing_tag_penalty -2 there, -3 here\n", result.Errors, StringComparison.Ordinal);
        Assert.Contains($"warning: student: not that of the teacher's training ({File}): {_rlt["student"]} there, {_rlt["model"]} here\n", result.Errors, StringComparison.Ordinal);
        Assert.Contains("missing_tag_penalty: -3\n", System.IO.File.ReadAllText(_rlt["traces/config.yaml"]), StringComparison.Ordinal);
    }

    /// <summary>Scored without any setting, a run's samples have the rewards that the run has logged.</summary>
    [Fact]
    public void Score_NothingSaid_TakesTheTeachers()
    {
        _rlt.Write("in.jsonl", "{\"question\": \"2 + 3?\", \"solution\": \"5\", \"completion\": \"it is so\"}\n");
        string[] score = ["score", "--teacher", "@teacher/model", "--student", "@student", "--input", "@in.jsonl", "--output", "@out.jsonl"];
        CommandResult result = _rlt.Run(score);
        Assert.Equal((0, $"format {_rlt["easy.yaml"]} and reward as in the teacher's training ({File})\n"), (result.Exit, result.Errors));
        Assert.Equal(-2, (double)_rlt.Rows("out.jsonl")[0]["match"]!);
        _rlt.Write("reward.yaml", "missing_tag_penalty: -4\n");
        CommandResult other = _rlt.Run([.. score, "--config", "@reward.yaml"]);
        Assert.Equal(
            $"format {_rlt["easy.yaml"]} as in the teacher's training ({File})\n"
                + $"warning: reward: not that of the teacher's training ({File}): missing_tag_penalty -2 there, -4 here\n", other.Errors);
    }

    [Fact]
    public void Collect_NeitherSaysAFormat_IsRefused()
    {
        CommandResult result = _rlt.Run("collect", "--config", "@plain.yaml", "--model", "@model");
        Assert.Equal(2, result.Exit);
        Assert.Equal(
            $"format: missing, and {_rlt["model"]} has no rlt_teacher.json that tells it; expected stratos, r1, small, or a file like those in configs/formats/",
            result.Message);
    }

    [Fact]
    public void Collect_DamagedRecord_IsRefusedInOneLine()
    {
        System.IO.File.WriteAllText(File, "{\"format\": 5");
        CommandResult result = _rlt.Run("collect", "--config", "@plain.yaml");
        Assert.Equal(2, result.Exit);
        Assert.StartsWith($"rlt: {File}", result.Errors, StringComparison.Ordinal);
        Assert.Single(result.Errors.TrimEnd().Split('\n'));
    }

    private void Train(string name)
    {
        CommandResult result = _rlt.Run(
            "train-teacher", "--config", "@teacher.yaml", "--out", $"@{name}", "--set", $"format={_rlt["easy.yaml"]}", "--set", "reward.missing_tag_penalty=-2", "--set", "save_every=1");
        Assert.Equal(0, result.Exit);
    }
}
