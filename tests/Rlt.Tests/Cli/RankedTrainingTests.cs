using System.Text.Json.Nodes;
using Rlt.Models;
using Rlt.Models.Safetensors;
using Rlt.Tests.Distributed;
using static TorchSharp.torch;

namespace Rlt.Tests.Cli;

/// <summary>Five steps of GRPO by real processes, whatever each holds, against one process.</summary>
public sealed class RankedTrainingTests : IDisposable
{
    private readonly CommandLine _rlt = new();

    public void Dispose() => _rlt.Dispose();

    [Theory]
    [MpiData("openmpi", 2, "none")]
    [MpiData("openmpi", 2, "zero1")]
    [MpiData("openmpi", 4, "zero2")]
    [MpiData("openmpi", 4, "zero3")]
    [MpiData("mpich", 2, "zero3")]
    [MpiData("mpich", 4, "zero1")]
    public void TrainTeacher_FiveSteps_AreThoseOfOneProcess(string mpi, int ranks, string sharding)
    {
        Assert.Equal(0, _rlt.Run(["train-teacher", .. Settings("one")]).Exit);
        Launch(mpi, ranks, [.. Settings("many"), "--set", $"device.sharding={sharding}"]);
        JsonObject[] one = [.. _rlt.Rows("one/samples.jsonl")], many = [.. _rlt.Rows("many/samples.jsonl")];
        Assert.Equal(one.Where(IsFirst).Select(row => row.ToJsonString()), many.Where(IsFirst).Select(row => row.ToJsonString()));
        Assert.Equal(one.Select(row => row["completion"]?.ToString()), many.Select(row => row["completion"]?.ToString()));
        AssertSameWeights(_rlt["one/model"], _rlt["many/model"]);

        static bool IsFirst(JsonObject row) => (int)row["step"]! == 1;
    }

    /// <summary>A checkpoint of four ranks' pieces goes on with two, and with one.</summary>
    [Theory]
    [MpiData("openmpi", "zero1")]
    [MpiData("mpich", "zero3")]
    public void TrainTeacher_ResumedByFewerRanks_GoesOn(string mpi, string sharding)
    {
        Assert.Equal(0, _rlt.Run(["train-teacher", .. Settings("one")]).Exit);
        string[] settings = [.. Settings("many"), "--set", $"device.sharding={sharding}", "--set", "optimizer.schedule=constant"];
        Launch(mpi, 4, [.. settings, "--set", "steps=2"]);
        Assert.True(Directory.EnumerateFiles(_rlt["many/checkpoints/step-000001"], "optimizer-*-of-00004.safetensors").Count() == 4);
        Assert.Contains("was computed by 4 ranks, and 2 go on", Launch(mpi, 2, [.. settings, "--set", "steps=3"]), StringComparison.Ordinal);
        (int exit, _, string errors) = _rlt.Run(["train-teacher", .. settings, "--set", "steps=5"]);
        Assert.True(exit == 0, errors);
        AssertSameWeights(_rlt["one/model"], _rlt["many/model"]);
    }

    private string[] Settings(string name) =>
    [
        "--config", _rlt["teacher.yaml"], "--out", _rlt[name], "--set", "steps=5", "--set", "questions_per_step=2", "--set", "group_size=4", "--set", "samples_kept=99",
        "--set", "save_every=1", "--set", "micro_batch_tokens=64", "--set", "device.dtype=fp32", "--set", "optimizer.schedule=constant", "--set", "seed=3",
    ];

    private static string Launch(string mpi, int ranks, string[] arguments)
    {
        (int exit, _, string errors) = Mpirun.Ended(Mpirun.Start(
            Environment.ProcessPath!,
            [typeof(Rlt.Cli.Program).Assembly.Location, "launch", "-n", $"{ranks}", "--mpirun", Mpirun.Name(mpi), "train-teacher", .. arguments]));
        Assert.True(exit == 0, errors);
        return errors;
    }

    // Relative to a tensor's length: its last digits are of sums in another order. Biases, which begin at zero, are measured by a length of 1 a number.
    private static void AssertSameWeights(string one, string other)
    {
        using WeightFiles left = WeightFiles.Open(one), right = WeightFiles.Open(other);
        foreach ((string name, (SafetensorsFile file, TensorEntry entry)) in left.Entries)
        {
            using var scope = NewDisposeScope();
            Tensor x = TensorBytes.Read(file, entry, ScalarType.Float64, CPU);
            Tensor y = TensorBytes.Read(right.Entries[name].File, right.Entries[name].Entry, ScalarType.Float64, CPU);
            double length = Math.Max(x.norm().item<double>(), Math.Sqrt(x.numel()));
            double relative = (x - y).norm().item<double>() / length;
            Assert.True(relative <= 1e-6, $"{name}: {relative}");
        }
    }
}
