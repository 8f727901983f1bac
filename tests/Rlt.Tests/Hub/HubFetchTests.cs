using Rlt.Hub;
using Rlt.Tests.Data;

namespace Rlt.Tests.Hub;

/// <summary>Downloads from a server that is sound, breaks off, lies, refuses or leads elsewhere; and the cache that they leave.</summary>
public sealed class HubFetchTests : IDisposable
{
    private static readonly HubId Tiny = HubId.TryParse(HubKind.Model, "org/tiny")!;

    private readonly ScratchDirectory _scratch = new();
    private readonly HubServer _server = new();

    public HubFetchTests()
    {
        _server.Files["config.json"] = [.. "{}"u8];
        _server.Files["tokenizer.json"] = [.. "{\"a\": 1}"u8];
        _server.Files["README.md"] = [.. "# a model"u8];
        _server.Files["pytorch_model.bin"] = new byte[100];
        _server.Files["model.safetensors"] = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 7))];
    }

    private string Snapshot => Path.Combine(Repository, "snapshots", HubServer.Commit);

    private string Repository => Path.Combine(_scratch.Root, "models--org--tiny");

    private string WeightsBlob => Path.Combine(Repository, "blobs", HubServer.HashOf("model.safetensors", _server.Files["model.safetensors"]));

    public void Dispose()
    {
        _server.Dispose();
        _scratch.Dispose();
    }

    [Fact]
    public void Snapshot_Model_IsLaidOutAsHuggingFaceHubDoes()
    {
        Assert.Equal(Snapshot, Fetch().Snapshot(Tiny, new ModelTextParts()));
        Assert.Equal(["config.json", "tokenizer.json"], Directory.EnumerateFiles(Snapshot).Select(Path.GetFileName).Order());
        Assert.Equal(Snapshot, Fetch().Snapshot(Tiny, new WeightParts()));
        foreach (string name in (string[])["config.json", "tokenizer.json", "model.safetensors"])
        {
            Assert.Equal($"../../blobs/{HubServer.HashOf(name, _server.Files[name])}", new FileInfo(Path.Combine(Snapshot, name)).LinkTarget);
            Assert.Equal(_server.Files[name], File.ReadAllBytes(Path.Combine(Snapshot, name)));
            Assert.True(File.Exists(Path.Combine(_scratch.Root, ".locks", "models--org--tiny", HubServer.HashOf(name, _server.Files[name]) + ".lock")));
        }

        Assert.Equal(HubServer.Commit, File.ReadAllText(Path.Combine(Repository, "refs", "main")));
        Assert.Equal(3, Directory.EnumerateFiles(Path.Combine(Repository, "blobs")).Count());
    }

    [Fact]
    public void Snapshot_InTheCache_AsksNobody()
    {
        Fetch().Snapshot(Tiny, new ModelTextParts());
        int asked = _server.Requests.Length;
        Assert.Equal(Snapshot, Fetch().Snapshot(Tiny, new ModelTextParts()));
        Assert.Equal(Snapshot, new HubFetch(Settings() with { IsOffline = true }).Snapshot(Tiny, new ModelTextParts()));
        Assert.Equal(Snapshot, Fetch().Snapshot(Tiny with { Revision = HubServer.Commit }, new ModelTextParts()));
        Assert.Equal(asked, _server.Requests.Length);
    }

    [Fact]
    public void Snapshot_ConnectionBreaksOff_GoesOnThere()
    {
        _server.BreaksAfter["model.safetensors"] = 200_000;
        Assert.Equal(_server.Files["model.safetensors"], File.ReadAllBytes(Path.Combine(Fetch().Snapshot(Tiny, new WeightParts()), "model.safetensors")));
        string range = Assert.Single(_server.Requests, request => request.Range is not null).Range!;
        Assert.InRange(int.Parse(range["bytes=".Length..^1]), 1, 200_000);
    }

    [Fact]
    public void Snapshot_KilledBefore_GoesOnAfterWhatIsThere()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(WeightsBlob)!);
        File.WriteAllBytes(WeightsBlob + ".incomplete", _server.Files["model.safetensors"][..1234]);
        Fetch().Snapshot(Tiny, new WeightParts());
        Assert.Contains(_server.Requests, request => request.Range == "bytes=1234-");
        Assert.Equal(_server.Files["model.safetensors"], File.ReadAllBytes(WeightsBlob));
    }

    [Fact]
    public void Snapshot_OtherContent_IsDeletedAndTold()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(WeightsBlob)!);
        File.WriteAllBytes(WeightsBlob + ".incomplete", new byte[1234]);
        string message = Refused(Fetch(), Tiny, new WeightParts());
        Assert.Matches("^model.safetensors of org/tiny is not what the Hub lists: its hash is [0-9a-f]{64}, expected [0-9a-f]{64}. It is deleted; the same command downloads it anew$", message);
        Assert.Empty(Directory.EnumerateFiles(Path.GetDirectoryName(WeightsBlob)!));
        Assert.False(File.Exists(Path.Combine(Snapshot, "model.safetensors")));
    }

    [Theory]
    [InlineData(50, "model.safetensors of org/tiny has 300050 bytes in the Hub's list, and its server sends 300000; nothing of it is kept")]
    [InlineData(-50, "model.safetensors of org/tiny has 299950 bytes in the Hub's list, and its server sends 300000; nothing of it is kept")]
    public void Snapshot_SizeIsALie_IsTold(long lie, string message)
    {
        _server.SizeLies["model.safetensors"] = lie;
        Assert.Equal(message, Refused(Fetch(), Tiny, new WeightParts()));
        Assert.False(File.Exists(WeightsBlob));
    }

    [Fact]
    public void Snapshot_RedirectToAnotherHost_GoesWithoutTheToken()
    {
        using var other = new HubServer();
        other.Files["model.safetensors"] = _server.Files["model.safetensors"];
        _server.LeadsTo["model.safetensors"] = other.Url;
        new HubFetch(Settings() with { Token = "hf_secret" }).Snapshot(Tiny, new WeightParts());
        Assert.All(_server.Requests, request => Assert.Equal("Bearer hf_secret", request.Authorization));
        Assert.Null(Assert.Single(other.Requests).Authorization);
        Assert.True(File.Exists(WeightsBlob));
    }

    [Theory]
    [InlineData(403, "GatedRepo", "hf_x", "org/tiny is gated, and the token given (HF_TOKEN, or its file) has no access; ask for access at URL/org/tiny and set HF_TOKEN")]
    [InlineData(401, "GatedRepo", null, "org/tiny is gated, and no token was given (HF_TOKEN); ask for access at URL/org/tiny and set HF_TOKEN")]
    [InlineData(401, "RepoNotFound", null, "HOST has no model 'org/tiny', or it is private and no token was given (HF_TOKEN)")]
    [InlineData(404, null, null, "HOST has no model 'org/tiny', or it is private and no token was given (HF_TOKEN)")]
    [InlineData(404, "RevisionNotFound", null, "URL/org/tiny has no revision 'main'; expected a branch, a tag or a commit")]
    [InlineData(401, null, "hf_x", "HOST refuses org/tiny (401): the token given (HF_TOKEN, or its file) is not valid")]
    [InlineData(500, null, null, "HOST answers 500 for org/tiny: Internal Server Error")]
    public void Snapshot_Refused_IsOneSentence(int status, string? code, string? token, string message)
    {
        _server.Refusal = (status, code);
        Assert.Equal(message.Replace("URL", _server.Url).Replace("HOST", new Uri(_server.Url).Authority),
            Refused(new HubFetch(Settings() with { Token = token }), Tiny, new ModelTextParts()));
    }

    [Fact]
    public void Snapshot_ServerBusy_IsAskedAgain()
    {
        _server.Failures = 2;
        Assert.Equal(Snapshot, Fetch().Snapshot(Tiny, new ModelTextParts()));
    }

    [Fact]
    public void Snapshot_NoRoom_IsToldBefore()
    {
        _server.SizeLies["model.safetensors"] = 1L << 60;
        Assert.Matches(@"^org/tiny needs 1152921504\.61 GB in \S+/blobs, which has [0-9.]+ GB free; free some, or set HF_HOME to a folder on another disk$", Refused(Fetch(), Tiny, new WeightParts()));
        Assert.DoesNotContain(_server.Requests, request => request.Path.Contains("/resolve/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Snapshot_LockedByAnother_Waits()
    {
        string path = Path.Combine(_scratch.Root, ".locks", "models--org--tiny", Path.GetFileName(WeightsBlob) + ".lock");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        Task<string> fetch;
        using (new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None))
        {
            fetch = Task.Run(() => Fetch().Snapshot(Tiny, new WeightParts()));
            await Task.Delay(500);
            Assert.False(fetch.IsCompleted);

            // The other one finishes it.
            Directory.CreateDirectory(Path.GetDirectoryName(WeightsBlob)!);
            File.WriteAllBytes(WeightsBlob, _server.Files["model.safetensors"]);
        }

        Assert.Equal(Snapshot, await fetch);
        Assert.DoesNotContain(_server.Requests, request => request.Path.Contains("/resolve/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Snapshot_TwoAtOnce_DownloadOnce()
    {
        await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() => Fetch().Snapshot(Tiny, new WeightParts()))));
        Assert.Single(_server.Requests, request => request.Path.Contains("/resolve/", StringComparison.Ordinal));
    }

    [Fact]
    public void Snapshot_NamesThatLeadOut_AreRefused()
    {
        _server.Files["../../evil"] = [1];
        Assert.StartsWith($"{_server.Url}/ lists a file of org/tiny that cannot be one: '../../evil'", Refused(Fetch(), Tiny, new ModelTextParts()), StringComparison.Ordinal);
    }

    [Fact]
    public void Snapshot_DataSet_BringsTheSplitAlone()
    {
        _server.Repository = "datasets/org/rows";
        _server.Files.Clear();
        _server.Files["data/train-00000-of-00001.parquet"] = [1, 2];
        _server.Files["data/test-00000-of-00001.parquet"] = [3];
        _server.Files["big.py"] = new byte[10];
        HubId rows = HubId.TryParse(HubKind.Dataset, "org/rows@refs/pr/1")!;
        string snapshot = Fetch().Snapshot(rows, new DataParts(null, "train"));
        Assert.Equal(["data/train-00000-of-00001.parquet"], Directory.EnumerateFiles(snapshot, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(snapshot, file)));
        Assert.StartsWith("../../../blobs/", new FileInfo(Path.Combine(snapshot, "data/train-00000-of-00001.parquet")).LinkTarget, StringComparison.Ordinal);
        Assert.Equal(HubServer.Commit, File.ReadAllText(Path.Combine(_scratch.Root, "datasets--org--rows", "refs", "refs", "pr", "1")));
        Assert.Contains("has the splits test, train; name one", Assert.Throws<DataException>(() => Fetch().Snapshot(rows, new DataParts(null, null))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("org/name", "org/name", "main")]
    [InlineData("Qwen/Qwen2.5-7B@v1.0", "Qwen/Qwen2.5-7B", "v1.0")]
    [InlineData("org/name@refs/pr/1", "org/name", "refs/pr/1")]
    public void TryParse_Id_HasItsParts(string text, string name, string revision) =>
        Assert.Equal((name, revision), (HubId.TryParse(HubKind.Model, text)!.Name, HubId.TryParse(HubKind.Model, text)!.Revision));

    [Theory]
    [InlineData("name")]
    [InlineData("a/b/c")]
    [InlineData("./a/b")]
    [InlineData("../a")]
    [InlineData("data/train.jsonl")]
    [InlineData("org/name@../x")]
    [InlineData("org/name@")]
    [InlineData("/org/name")]
    public void TryParse_NoId_IsNull(string text) => Assert.Null(HubId.TryParse(HubKind.Model, text));

    private static string Refused(HubFetch fetch, HubId id, IHubParts parts) => Assert.Throws<HubException>(() => fetch.Snapshot(id, parts)).Message;

    private HubFetch Fetch() => new(Settings());

    private HubSettings Settings() => new(new Uri(_server.Url + "/"), _scratch.Root, null, false) { RetrySeconds = 0.01, Retries = 3 };
}
