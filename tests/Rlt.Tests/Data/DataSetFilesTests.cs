using Rlt.Data;

namespace Rlt.Tests.Data;

/// <summary>Which files of a data set are meant by a subset and a split.</summary>
public sealed class DataSetFilesTests : IDisposable
{
    private const string Card = """
        ---
        license: mit
        configs:
        - config_name: main
          data_files:
          - split: train
            path: main/train-*
          - split: test
            path: ["main/test-*.parquet"]
        - config_name: socratic
          data_dir: socratic
        ---
        # A data set
        """;

    private static readonly string[] Files =
        ["README.md", ".gitattributes", "main/train-00000-of-00002.parquet", "main/train-00001-of-00002.parquet", "main/test-00000-of-00001.parquet", "socratic/train.jsonl", "socratic/valid.jsonl"];

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("main", "train", "main/train-00000-of-00002.parquet main/train-00001-of-00002.parquet")]
    [InlineData("main", "test", "main/test-00000-of-00001.parquet")]
    [InlineData("socratic", "validation", "socratic/valid.jsonl")]
    public void Choose_ByTheCard_GivesTheFilesOfTheSplit(string subset, string split, string expected) =>
        Assert.Equal(expected.Split(' '), new DataSetFiles(Files, Card).Choose("set", subset, split));

    [Theory]
    [InlineData(null, "train", "set has the subsets main, socratic; name one (--subset, or subset in the config).")]
    [InlineData("other", "train", "set: there is no subset 'other'; it has main, socratic.")]
    [InlineData("main", null, "set has the splits train, test; name one (--split, or split in the config).")]
    [InlineData("main", "dev", "set: there is no split 'dev'; it has train, test.")]
    public void Choose_WithoutOneThatIsMeant_ListsThem(string? subset, string? split, string problem) =>
        Assert.Equal(problem, Assert.Throws<DataException>(() => new DataSetFiles(Files, Card).Choose("set", subset, split)).Message);

    [Theory]
    [InlineData("data/train-00000-of-00001-0123abc.parquet data/science-00000-of-00001.parquet", "science", "data/science-00000-of-00001.parquet")]
    [InlineData("my_test_file.csv train.csv", "test", "my_test_file.csv")]
    [InlineData("dev/a.jsonl dev/b.jsonl train/a.jsonl", "validation", "dev/a.jsonl dev/b.jsonl")]
    [InlineData("a.jsonl b.jsonl", null, "a.jsonl b.jsonl")]
    [InlineData("contest.jsonl", "train", "contest.jsonl")]
    [InlineData("rows.jsonl rows.parquet dataset_infos.json", null, "rows.parquet")]
    public void Choose_ByNames_GivesTheFilesOfTheSplit(string names, string? split, string expected) =>
        Assert.Equal(expected.Split(' '), new DataSetFiles(names.Split(' '), null).Choose("set", null, split));

    [Fact]
    public void Choose_NoDataFiles_SaysWhatIsExpected() => Assert.Equal(
        "set: no data files; expected .parquet, .jsonl, .json or .csv.", Assert.Throws<DataException>(() => new DataSetFiles(["README.md", "x.py"], null).Choose("set", null, null)).Message);

    [Fact]
    public void Read_Folder_GivesTheRowsOfItsFilesInOrder()
    {
        _scratch.Write("train-00000-of-00002.jsonl", "{\"q\": 1}\n");
        _scratch.Write("train-00001-of-00002.jsonl", "{\"q\": 2}\n{\"q\": 3}\n");
        _scratch.Write("test.jsonl", "{\"q\": 4}\n");
        Assert.Equal([$"{_scratch["train-00000-of-00002.jsonl"]}:1", $"{_scratch["train-00001-of-00002.jsonl"]}:1", $"{_scratch["train-00001-of-00002.jsonl"]}:2"],
            RowFile.Read(_scratch.Root, split: "train").Select(row => row.Place));
    }

    [Fact]
    public void Read_SplitOfAFile_IsRefused()
    {
        string path = _scratch.Write("a.jsonl", "{}\n");
        Assert.Equal($"{path} is one file, which has no split 'train'; expected a data set's folder or Hub id.",
            Assert.Throws<DataException>(() => RowFile.Read(path, split: "train").Count()).Message);
    }

    [Fact]
    public void LackAny_MissingShard_IsSeen()
    {
        Assert.True(DataSetFiles.LackAny(["a/train-00000-of-00002.parquet"]));
        Assert.False(DataSetFiles.LackAny(["a/train-00000-of-00002.parquet", "a/train-00001-of-00002.parquet", "b.jsonl"]));
    }
}
