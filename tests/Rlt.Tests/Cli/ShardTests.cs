using Rlt.Runs;

namespace Rlt.Tests.Cli;

/// <summary>Runs over parts of the questions, and what puts them together.</summary>
public sealed class ShardTests : IDisposable
{
    private readonly CommandLine _rlt = new();

    public void Dispose() => _rlt.Dispose();

    [Fact]
    public void Of_AllParts_CoverTheQuestionsOnce()
    {
        Assert.Equal([(0, 3), (3, 3), (6, 4)], Enumerable.Range(1, 3).Select(i => Shard.Parse($"{i}/3").Of(10)));
        Assert.Equal((0, 10), Shard.Whole.Of(10));
        Assert.Throws<DataException>(() => Shard.Parse("1/4").Of(3));
    }

    /// <summary>Blocks of two questions, of which a part has one and another one and a half.</summary>
    [Theory]
    [InlineData("collect", "traces.jsonl")]
    [InlineData("eval", "results.jsonl", "summary.json", "failures.html")]
    public void MergeShards_OfAllParts_WritesTheWholeRun(string command, params string[] files)
    {
        string[] line = [command, "--config", $"@{command}.yaml", "--set", "block_size=2", "--temperature", "1", "--samples", "2"];
        line = command == "collect" ? [.. line[..5], "--set", "samples=2"] : line;
        Assert.Equal(0, _rlt.Run([.. line, "--out", "@whole"]).Exit);
        Assert.Equal(0, _rlt.Run([.. line, "--out", "@parts", "--shard", "1/2"]).Exit);
        Assert.Equal($"{_rlt["parts"]}: of 2 shards 2 is missing. Run it: --shard 2/2", _rlt.Run("merge-shards", "@parts").Message, ignoreLineEndingDifferences: true);
        Assert.Equal(0, _rlt.Run([.. line, "--out", "@parts", "--shard", "2/2"]).Exit);
        CommandResult merged = _rlt.Run("merge-shards", "@parts");
        Assert.True(merged.Exit == 0, merged.Errors);
        Assert.All(files, name => Assert.Equal(File.ReadAllText(_rlt[$"whole/{name}"]), File.ReadAllText(_rlt[$"parts/{name}"])));
    }

    [Fact]
    public void MergeShards_OfOtherSettings_Refuses()
    {
        Assert.Equal(0, _rlt.Run("eval", "--config", "@eval.yaml", "--out", "@parts", "--shard", "1/2").Exit);
        Assert.Equal(0, _rlt.Run("eval", "--config", "@eval.yaml", "--out", "@parts", "--shard", "2/2", "--seed", "3").Exit);
        CommandResult merged = _rlt.Run("merge-shards", "@parts");
        Assert.Equal(2, merged.Exit);
        Assert.Equal($"{_rlt["parts"]}.shard-2-of-2 is no shard of the run of {_rlt["parts"]}.shard-1-of-2: seed 0 there, 3 now. "
            + "Run them with the same settings and files.", merged.Message);
    }
}
