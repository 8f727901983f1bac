using System.Text.Json.Nodes;

namespace Rlt.Tests.Cli;

/// <summary><c>rlt plan</c> on configs of every command.</summary>
public sealed class PlanCommandTests : IDisposable
{
    private readonly CommandLine _rlt = new();

    public void Dispose() => _rlt.Dispose();

    [Theory]
    [InlineData("sft.yaml", "warmup or distill", "backward,optimizer")]
    [InlineData("teacher.yaml", "train-teacher", "sample,score,reference,backward,optimizer")]
    [InlineData("collect.yaml", "collect or eval", "sample")]
    [InlineData("eval.yaml", "collect or eval", "sample")]
    public void Plan_Config_PhasesOfItsCommand(string config, string command, string phases)
    {
        JsonObject report = Report("--config", "@" + config);
        Assert.Equal(command, report["command"]!.GetValue<string>());
        Assert.Equal(phases, string.Join(',', report["phases"]!.AsObject().Select(phase => phase.Key)));
        Assert.True(report["fits"]!.GetValue<bool>());
        Assert.All(report["phases"]!.AsObject(), phase => Assert.Equal(
            phase.Value!["total"]!.GetValue<long>(), phase.Value.AsObject().Where(part => part.Key != "total").Sum(part => part.Value!.GetValue<long>())));
    }

    [Fact]
    public void Plan_NoWeights_AreNeededOrRead()
    {
        File.Delete(_rlt["model/model.safetensors"]);
        CommandResult result = _rlt.Run("plan", "--config", "@sft.yaml");
        Assert.Equal(0, result.Exit);
        Assert.Contains("sequences of the data, up to ", result.Output, StringComparison.Ordinal);
        Assert.Contains("micro_batch_tokens 8192 (chosen), recompute false (chosen)", result.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_rlt["run"]));
    }

    [Fact]
    public void Plan_PaperTeacherOnAnH200_Fits()
    {
        JsonObject report = Report("--config", Paper("teacher.yaml"), "--model", "qwen2.5-7b", "--student", "qwen2.5-7b", "--gpu-memory", "141G");
        Assert.True(report["fits"]!.GetValue<bool>());
        Assert.InRange(report["host_bytes"]!.GetValue<long>(), 91_000_000_000, 97_000_000_000);
    }

    [Theory]
    [InlineData("warmup.yaml", "qwen2.5-7b")]
    [InlineData("distill-7b.yaml", "qwen2.5-7b")]
    [InlineData("distill-32b.yaml", "qwen2.5-32b")]
    [InlineData("distill-32b-lora.yaml", "qwen2.5-32b")]
    public void Plan_PaperFineTuningOnAnH200_Fits(string config, string shape) =>
        Assert.True(Report("--config", Paper(config), "--model", shape, "--gpu-memory", "141G")["fits"]!.GetValue<bool>());

    [Fact]
    public void Plan_DoesNotFit_AdviceMakesItFit()
    {
        JsonObject report = Report("--config", Paper("warmup.yaml"), "--model", "qwen2.5-7b", "--gpu-memory", "80G", "--set", "optimizer.offload=false");
        Assert.False(report["fits"]!.GetValue<bool>());
        Assert.Equal(["optimizer.offload=true"], report["advice"]!.AsArray().Select(change => change!["set"]!.GetValue<string>()));
        Assert.True(report["fits_with_advice"]!.GetValue<bool>());
    }

    [Fact]
    public void Plan_Bench_GivesTheTimeOfEachMeasuredPhase()
    {
        // A machine of 1 TFLOP/s that training and scoring reach, 100 GB/s that decoding reaches.
        _rlt.Write("bench.json", """
            {"parameters": 30000, "gemm_peak_gflops": 1000, "copy_gb_per_second": 100,
             "decode": {"16": {"copy_bandwidth_share": 1}}, "score": {"gemm_peak_share": 1}, "sft_step": {"gemm_peak_share": 0.5}}
            """);
        JsonObject seconds = Report(
            "--config", Paper("teacher.yaml"), "--model", "qwen2.5-7b", "--student", "qwen2.5-7b", "--gpu-memory", "141G", "--bench", "@bench.json")["step_seconds"]!.AsObject();
        Assert.Equal(["sample", "score", "reference", "backward"], seconds.Select(phase => phase.Key));

        // A recomputed training step is four forward passes at half the speed; teacher and student are scored.
        double reference = seconds["reference"]!.GetValue<double>();
        Assert.Equal(2, seconds["score"]!.GetValue<double>() / reference, 1e-3);
        Assert.Equal(8, seconds["backward"]!.GetValue<double>() / reference, 1e-3);
    }

    [Fact]
    public void Plan_GpuMemoryWithoutUnit_IsGigabytesAndSaidSo()
    {
        string[] plan = ["plan", "--config", Paper("warmup.yaml"), "--model", "qwen2.5-7b", "--set", "optimizer.offload=false", "--gpu-memory"];
        CommandResult bare = _rlt.Run([.. plan, "80"]), unit = _rlt.Run([.. plan, "80G"]);
        Assert.Equal((4, "--gpu-memory 80 is read as 80.0 GB (10⁹ bytes each)\n"), (bare.Exit, bare.Errors));
        Assert.Equal((4, ""), (unit.Exit, unit.Errors));
        Assert.Equal(unit.Output, bare.Output);
        Assert.Contains("does not fit: peak ", bare.Output, StringComparison.Ordinal);
    }

    /// <summary>Beside adapters a student that is the base model shares its weights; one in another folder has its own.</summary>
    [Theory]
    [InlineData("@student", true)]
    [InlineData("@model", false)]
    [InlineData("@model/", false)]
    public void Plan_StudentOfAnotherFolder_IsCounted(string student, bool counted)
    {
        JsonObject report = Report("--config", "@teacher.yaml", "--student", student, "--set", "lora.rank=2", "--set", "reference_sync_steps=0");
        Assert.Equal(counted, report["phases"]!["sample"]!.AsObject().ContainsKey("student_weights"));
        Assert.True(Report("--config", "@teacher.yaml", "--student", student)["phases"]!["sample"]!.AsObject().ContainsKey("student_weights"));
    }

    [Theory]
    [InlineData("--device", "cuda:0,1", "device 'cuda:0,1' names several devices; a rank uses one. Give cpu, cuda or cuda:N, such as cuda:0, or cuda with rlt launch")]
    [InlineData("--device", "gpu", "device 'gpu' is not known; expected cpu, cuda or cuda:N")]
    [InlineData("--gpu-memory", "80000", "'80000' is not a size of memory; expected such as 80G (10⁹ bytes) or 80GiB (2³⁰)")]
    [InlineData("--gpu-memory", "much", "'much' is not a size of memory; expected such as 80G (10⁹ bytes) or 80GiB (2³⁰)")]
    [InlineData("--set", "steps=-1", "--set steps=-1: steps is -1; expected 0 or more")]
    [InlineData("--set", "optimizer.offload_gradients=true", "--set optimizer.offload_gradients=true: optimizer.offload_gradients is true without offload, whose memory is the larger. Set offload: true")]
    public void Plan_WrongInput_IsRefused(string option, string value, string message)
    {
        CommandResult result = _rlt.Run("plan", "--config", "@sft.yaml", option, value);
        Assert.Equal((2, message), (result.Exit, result.Message));
    }

    private static string Paper(string name) => Path.Combine(Golden.RepositoryRoot, "configs", "paper", name);

    private JsonObject Report(params string[] arguments)
    {
        CommandResult result = _rlt.Run(["plan", "--json", .. arguments]);
        Assert.Equal("", result.Errors);
        JsonObject report = JsonNode.Parse(result.Output)!.AsObject();
        Assert.Equal(report["fits"]?.GetValue<bool>() == false ? 4 : 0, result.Exit);
        return report;
    }
}
