using System.Text.RegularExpressions;

namespace Rlt.Tests.Cli;

/// <summary><c>rlt run</c>: stages in processes of their own, what is left out when it is done, and what is refused before the first begins.</summary>
public sealed class PipelineCommandTests : IDisposable
{
    private readonly CommandLine _rlt = new();

    public void Dispose() => _rlt.Dispose();

    [Fact]
    public void Run_Stages_AreMadeOfEachOtherAndLeftOutWhenDone()
    {
        WritePipeline("student: {command: distill, config: sft.yaml, settings: {steps: 1}}");
        CommandResult first = _rlt.Run("run", "@pipeline.yaml");
        Assert.Equal((0, ""), (first.Exit, first.Output));
        Assert.Matches("run: done in [0-9:]+; (warm|teach|traces|student|eval) [0-9:]+, .*; " + _rlt["pipe"], first.Errors);
        Assert.Contains("[student] distill: 1 steps\n", first.Errors, StringComparison.Ordinal);
        Assert.Contains($"model: {_rlt["pipe/warm/model"]}\n", File.ReadAllText(_rlt["pipe/teach/config.yaml"]), StringComparison.Ordinal);
        Assert.Contains($"model: {_rlt["pipe/student/model"]}\n", File.ReadAllText(_rlt["pipe/eval/config.yaml"]), StringComparison.Ordinal);
        Assert.True(File.Exists(_rlt["pipe/eval/summary.json"]));

        CommandResult again = _rlt.Run("run", "@pipeline.yaml");
        Assert.Equal(0, again.Exit);
        Assert.Matches("^((warm|teach|traces|student|eval): was done before\n){5}run: done in [0-9:]+; ", again.Errors);
        DateTime made = File.GetLastWriteTimeUtc(_rlt["pipe/warm/model/model.safetensors"]);

        // What the changed stage and those after it had made is kept beside.
        WritePipeline("student: {command: distill, config: sft.yaml, settings: {steps: 1, batch_size: 3}}");
        CommandResult changed = _rlt.Run("run", "@pipeline.yaml");
        Assert.Equal(0, changed.Exit);
        Assert.Contains($"student: is made anew, since these have changed: batch_size 2 there, 3 now. What was made before is kept as {_rlt["pipe/student"]}.1\n", changed.Errors, StringComparison.Ordinal);
        Assert.Matches($"eval: is made anew, since these have changed: model {_rlt["pipe/student/model"]} there, .* with other contents", changed.Errors);
        Assert.Equal(3, Regex.Count(changed.Errors, "(warm|teach|traces): was done before\n"));
        Assert.True(File.Exists(_rlt["pipe/student.1/model/model.safetensors"]));
        Assert.True(File.Exists(_rlt["pipe/eval.1/summary.json"]));
        Assert.Equal(made, File.GetLastWriteTimeUtc(_rlt["pipe/warm/model/model.safetensors"]));
    }

    /// <summary>The stages after a failed one do not begin; once it can be made, the pipeline goes on with it.</summary>
    [Fact]
    public void Run_StageFails_EndsWithItsCodeAndGoesOnLater()
    {
        WritePipeline("student: {command: distill, config: sft.yaml, settings: {steps: 1, data: stage:traces, fields: {explanation: cot}}}");
        CommandResult failed = _rlt.Run("run", "@pipeline.yaml", "--jobs", "1");
        Assert.Equal(2, failed.Exit);
        Assert.EndsWith("rlt: stage 'student' ended with exit code 2; what was wrong is said above. The same command goes on after what is done.\n", failed.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_rlt["pipe/eval"]));
        WritePipeline("student: {command: distill, config: sft.yaml, settings: {steps: 1}}");
        CommandResult goneOn = _rlt.Run("run", "@pipeline.yaml", "--jobs", "1");
        Assert.Equal((0, 3), (goneOn.Exit, Regex.Count(goneOn.Errors, "(warm|teach|traces): was done before\n")));
    }

    [Theory]
    [InlineData("student: {command: distill, config: sft.yaml, settings: {batchsize: 1}}", "stage 'student': {0}:7: batchsize is not a known key; did you mean 'batch_size'?")]
    [InlineData("student: {command: distill, config: sft.yaml, settings: {data: stage:trace}}",
        "stage 'student': {0}:7: data is 'stage:trace', which names no stage before this one; did you mean 'stage:traces'?")]
    [InlineData("student: {command: distill, config: sft.yaml, settings: {data: stage:eval}}",
        "stage 'student': {0}:7: data is 'stage:eval', which names no stage before this one; expected one of warm, teach, traces.")]
    [InlineData("student: {command: distill, config: sft.yaml, settings: {out: x}}", "stage 'student': {0}:7: out is 'x'; leave it out: the stage's folder is {1}.")]
    [InlineData("student: {command: distill, settings: {model: stage:warm, data: data.jsonl}}",
        "stage 'student': missing: optimizer.learning_rate. Give it in the stage's settings, or in its config.")]
    [InlineData("student: {command: distill, config: absent.yaml}", "stage 'student': absent.yaml: cannot be read: there is no such file, and no shipped config of that name;")]
    [InlineData("student: {command: distill, config: sft.yaml, settings: {data: absent.jsonl}}",
        "stage 'student': data is '{2}', which does not exist; expected a file, relative to the file that names it, or stage:NAME")]
    [InlineData("student: {command: distill, config: sft.yaml, settings: {format: smal}}", "stage 'student': format: 'smal' is neither a file nor a shipped format;")]
    [InlineData("student: {command: distill, config: sft.yaml, settings: {fields: {explanation: cot}}}", "stage 'student': fields.explanation is 'cot', a column that ")]
    [InlineData("student: {command: distil, config: sft.yaml}", "{0}:7: stages[3].command is 'distil'; did you mean 'distill'?")]
    [InlineData("warm: {command: distill, config: sft.yaml}", "{0}:7: stages[3].name is 'warm', as another stage's; expected a name of its own")]
    [InlineData("a/b: {command: distill, config: sft.yaml}", "{0}:7: stages[3].name is 'a/b'; expected letters, digits, - and _")]
    public void Run_BadInput_NamesStageAndKeyBeforeAnyStageBegins(string student, string message)
    {
        WritePipeline(student, withEval: false);
        CommandResult result = _rlt.Run("run", "@pipeline.yaml");
        Assert.Equal(2, result.Exit);
        message = message.Replace("{0}", _rlt["pipeline.yaml"], StringComparison.Ordinal).Replace("{1}", _rlt["pipe/student"], StringComparison.Ordinal)
            .Replace("{2}", _rlt["absent.jsonl"], StringComparison.Ordinal);
        Assert.StartsWith(message, result.Message, StringComparison.Ordinal);
        Assert.Single(result.Message.Split('\n'));
        Assert.False(Directory.Exists(_rlt["pipe"]));
    }

    [Fact]
    public void Run_SeveralStagesAreBad_AllAreNamed()
    {
        WritePipeline("student: {command: distill, config: sft.yaml, settings: {model: absent}}", teacherData: "absent.jsonl");
        string[] lines = _rlt.Run("run", "@pipeline.yaml").Message.Split('\n');
        Assert.Equal(["stage 'teach': data is ", "stage 'student': model is "], lines.Select(line => line.Split('\'') is var parts ? $"{parts[0]}'{parts[1]}'{parts[2]}" : ""));
    }

    private void WritePipeline(string student, bool withEval = true, string teacherData = "data.jsonl") => _rlt.Write("pipeline.yaml", string.Join('\n',
    [
        "out: pipe", "jobs: 2", "stages:",
        "  - {name: warm, command: warmup, config: sft.yaml, settings: {steps: 2}}",
        "  - {name: teach, command: train-teacher, config: teacher.yaml, settings: {model: stage:warm, data: " + teacherData + "}}",
        "  - {name: traces, command: collect, config: collect.yaml, settings: {model: stage:teach}}",
        "  - {name: " + student.Replace(": {command", ", command", StringComparison.Ordinal),
        withEval ? "  - {name: eval, command: eval, config: eval.yaml, settings: {model: stage:student}}\n" : "",
    ]));
}
