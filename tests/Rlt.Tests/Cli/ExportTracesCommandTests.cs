using System.Text.Json.Nodes;
using Rlt.Configuration;
using Rlt.Data;
using Rlt.Teaching;

namespace Rlt.Tests.Cli;

/// <summary>export-traces: what is written is what other trainers read, and rlt reads it back as the same tasks.</summary>
public sealed class ExportTracesCommandTests : IDisposable
{
    private const string Answer = "<t>\nadd them</t>\n<s>5</s>";
    private readonly CommandLine _rlt = new();

    public void Dispose() => _rlt.Dispose();

    [Theory]
    [InlineData("messages",
        "{'messages':[{'role':'system','content':'Be brief.'},{'role':'user','content':'2 + 3?'},{'role':'assistant','content':'ANSWER'}]}")]
    [InlineData("trl",
        "{'prompt':[{'role':'system','content':'Be brief.'},{'role':'user','content':'2 + 3?'}],'completion':[{'role':'assistant','content':'ANSWER'}]}")]
    [InlineData("stratos", "{'system':'Be brief.','conversations':[{'from':'user','value':'2 + 3?'},{'from':'assistant','value':'ANSWER'}]}")]
    [InlineData("sharegpt", "{'system':'Be brief.','conversations':[{'from':'human','value':'2 + 3?'},{'from':'gpt','value':'ANSWER'}]}")]
    [InlineData("alpaca", "{'instruction':'2 + 3?','input':'','output':'ANSWER','system':'Be brief.'}")]
    public void Export_Layout_IsTheOtherTrainers(string layout, string expected)
    {
        Traces();
        CommandResult result = _rlt.Run("export-traces", "--input", "@traces.jsonl", "--out", "@out", "--layout", layout, "--format", "@format.yaml");
        Assert.Equal((0, $"export-traces: 2 rows; {_rlt["out/train.jsonl"]}\n"), (result.Exit, result.Errors));
        JsonNode row = JsonNode.Parse(expected.Replace('\'', '"').Replace("ANSWER", Answer.Replace("\n", "\\n")))!;
        Assert.Equal(row.ToJsonString(), JsonNode.Parse(File.ReadLines(_rlt["out/train.jsonl"]).First())!.ToJsonString());
        Assert.Equal(layout is "sharegpt" or "alpaca", File.Exists(_rlt["out/dataset_info.json"]));
    }

    [Theory]
    [InlineData("messages")]
    [InlineData("stratos")]
    [InlineData("sharegpt")]
    public void Export_ReadBack_GivesTheSameTasks(string layout)
    {
        Traces();
        Assert.Equal(0, _rlt.Run("export-traces", "--input", "@traces.jsonl", "--out", "@out", "--layout", layout, "--format", "@format.yaml").Exit);
        Assert.Equal(Tasks("traces.jsonl"), Tasks("out/train.jsonl"));
        Assert.Equal(0, _rlt.Run("export-traces", "--input", "@traces.jsonl", "--out", "@pq", "--layout", layout, "--format", "@format.yaml",
            "--parquet").Exit);
        Assert.Equal(Tasks("traces.jsonl"), Tasks("pq/train.parquet"));
        Assert.Contains("data_files: train.parquet", File.ReadAllText(_rlt["pq/README.md"]), StringComparison.Ordinal);

        (string, string, string?, string?)[] Tasks(string file) =>
        [
            .. TeachingRows.Read(new DataSource(_rlt[file]), TinyDirectory.Format, needsExplanation: true).Rows
                .Select(task => (task.Question, task.Solution, TinyDirectory.Format.StudentAnswer(task.Explanation!, ""), task.StudentSystem)),
        ];
    }

    [Fact]
    public void Export_OfARun_TellsHowItWasMadeWithoutPathsOfTheMachine()
    {
        Assert.Equal(0, _rlt.Run("collect", "--config", "@collect.yaml").Exit);
        File.Copy(Traces(), _rlt["run/traces.jsonl"], overwrite: true);
        CommandResult result = _rlt.Run("export-traces", "--input", "@run", "--out", "@out");
        Assert.Equal(0, result.Exit);
        string card = File.ReadAllText(_rlt["out/README.md"]);
        string folder = Path.GetDirectoryName(_rlt["run"])!;
        Assert.DoesNotContain(folder, card, StringComparison.Ordinal);
        Assert.StartsWith("---\n# license: to be named", card, StringComparison.Ordinal);
        foreach (string said in (string[])
        [
            "size_categories: [n<1K]", "data_files: train.jsonl", "| messages | ",
            $"| teacher | {Path.GetFileName(folder)}/model |", "| sampling | 1 a question, temperature 0.7, top-p 1, ",
            "```sh\nrlt ", "| data | data.jsonl | `", "max_new_tokens: 5",
        ])
        {
            Assert.Contains(said, card, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Export_WithoutFormatOrIntoAFullFolder_IsRefused()
    {
        Traces();
        CommandResult unknown = _rlt.Run("export-traces", "--input", "@traces.jsonl", "--out", "@out");
        Assert.Equal(
            (2, $"--format: missing, and {_rlt["traces.jsonl"]} is no run of rlt collect that tells it; expected stratos, r1, small, or a format file"),
            (unknown.Exit, unknown.Message));
        CommandResult full = _rlt.Run("export-traces", "--input", "@traces.jsonl", "--out", "@model", "--format", "@format.yaml");
        Assert.Equal((2, $"{_rlt["model"]} is not empty. Choose another --out: nothing in it is overwritten."), (full.Exit, full.Message));
    }

    /// <summary>The model that a run leaves has a card, and a run that goes on from that model names the first base.</summary>
    [Fact]
    public void FinishedModels_HaveACard_WithBaseDataFiguresAndCommand()
    {
        CommandResult result = _rlt.Run("distill", "--config", "@sft.yaml");
        Assert.Equal((0, ""), (result.Exit, result.Exit == 0 ? "" : result.Errors));
        string card = File.ReadAllText(_rlt["run/model/README.md"]);
        string folder = Path.GetDirectoryName(_rlt["run"])!, name = $"{Path.GetFileName(folder)}/model";
        Assert.StartsWith($"---\nbase_model: {name}\nlibrary_name: transformers\n", card, StringComparison.Ordinal);
        Assert.DoesNotContain(folder, card, StringComparison.Ordinal);
        foreach (string said in (string[])["# run\n", "| loss | ", "| data | data.jsonl | `", $"| model | {name} | `", "learning_rate: 0.001", "after 3 steps"])
        {
            Assert.Contains(said, card, StringComparison.Ordinal);
        }

        Assert.Equal(0, _rlt.Run("distill", "--config", "@sft.yaml", "--model", "@run/model", "--out", "@next", "--set", "lora.rank=2").Exit);
        Assert.StartsWith($"---\nbase_model: {name}\nlibrary_name: peft\n", File.ReadAllText(_rlt["next/model/README.md"]), StringComparison.Ordinal);
    }

    private string Traces() => _rlt.Write("traces.jsonl", """
        {"question": "2 + 3?", "solution": "5", "explanation": "\nadd them", "student_system": "Be brief.", "reward": -0.5}
        {"question": "1 + 1?", "solution": "2", "dropped": "no explanation"}
        {"question": "4 + 4?", "solution": "8", "explanation": "\ntwice four", "student_system": "Be brief.", "reward": -0.1}

        """);
}
