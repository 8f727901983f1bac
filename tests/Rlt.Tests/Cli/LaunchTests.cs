using System.Diagnostics;
using Rlt.Cli;
using Rlt.Tests.Distributed;

namespace Rlt.Tests.Cli;

/// <summary>Commands on several ranks, started by <c>rlt launch</c> or by mpirun.</summary>
public sealed class LaunchTests : IDisposable
{
    private const int Prompt = 10;
    private readonly CommandLine _rlt = new();
    private readonly string[] _long;

    public LaunchTests() => _long =
        ["eval", "--config", _rlt["eval.yaml"], "--temperature", "1", "--samples", "100000", "--set", "sampling_rows=4", "--set", "block_size=1"];

    public void Dispose() => _rlt.Dispose();

    /// <summary>Three questions on two ranks: what is written has the bytes of one process's.</summary>
    [Theory]
    [MpiData("openmpi")]
    [MpiData("mpich")]
    public void EvalAndCollect_OnTwoRanks_WriteTheSame(string mpi)
    {
        Assert.Equal(0, _rlt.Run("eval", "--config", "@eval.yaml", "--out", "@one", "--temperature", "1", "--samples", "2").Exit);
        Assert.Equal(0, _rlt.Run("collect", "--config", "@collect.yaml", "--out", "@traces").Exit);
        (int exit, string output, string errors) = Launch(mpi, "eval", "--config", _rlt["eval.yaml"], "--out", _rlt["two"], "--temperature", "1", "--samples", "2");
        Assert.True(exit == 0, errors);
        foreach (string name in new[] { "results.jsonl", "summary.json", "failures.html" })
        {
            Assert.Equal(File.ReadAllText(_rlt[$"one/{name}"]), File.ReadAllText(_rlt[$"two/{name}"]));
        }

        Assert.Single(output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        (exit, _, errors) = Launch(mpi, "collect", "--config", _rlt["collect.yaml"], "--out", _rlt["traces2"]);
        Assert.True(exit == 0, errors);
        Assert.Equal(File.ReadAllText(_rlt["traces/traces.jsonl"]), File.ReadAllText(_rlt["traces2/traces.jsonl"]));
    }

    /// <summary>What is wrong for all is said once, whatever the number of ranks.</summary>
    [Theory]
    [MpiData("openmpi", "--model", "nothing", "rlt: nothing/config.json: cannot be read: Could not find file")]
    [MpiData("mpich", "--model", "nothing", "rlt: nothing/config.json: cannot be read: Could not find file")]
    [MpiData("mpich", "--limit", "1", "rlt: '--limit' is a setting and not an option of eval. Write '--set limit=1'")]
    [MpiData("openmpi", "--out", "/proc/1", "rlt: /proc/1 is not empty and holds no run (no config.yaml). Choose another --out")]
    [MpiData("openmpi", "--url", "http://127.0.0.1:1/v1", "rlt: server.url: one process keeps a server busy")]
    [MpiData("mpich", "--device", "cuda:0", "rlt: device cuda:0: 2 ranks on HOST ask for the same GPU. Give --device cuda: each rank then takes the one of its number.")]
    public void BadInput_OfAllRanks_IsOneLine(string mpi, string option, string value, string expected)
    {
        (int exit, _, string errors) = Launch(mpi, "eval", "--config", _rlt["eval.yaml"], option, value);
        Assert.Equal(2, exit);
        Assert.StartsWith(expected.Replace("HOST", Environment.MachineName, StringComparison.Ordinal), errors, StringComparison.Ordinal);
        Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>Two ranks train as one: the same samples and, to the order of sums, the same figures; one of them writes.</summary>
    [Theory]
    [MpiData("openmpi")]
    [MpiData("mpich")]
    public void TrainTeacher_OnTwoRanks_WritesOneRun(string mpi)
    {
        Assert.Equal(0, _rlt.Run("train-teacher", "--config", "@teacher.yaml", "--out", "@one").Exit);
        (int exit, _, string errors) = Launch(mpi, "train-teacher", "--config", _rlt["teacher.yaml"], "--out", _rlt["two"]);
        Assert.True(exit == 0, errors);
        Assert.Equal(_rlt.Rows("one/metrics.jsonl").Select(Reward), _rlt.Rows("two/metrics.jsonl").Select(Reward));
        Assert.Single(File.ReadAllLines(_rlt["two/log.txt"]), line => line.Contains("train-teacher: 2 steps", StringComparison.Ordinal));
        Assert.Single(errors.Split('\n'), line => line.StartsWith("train-teacher: done in", StringComparison.Ordinal));
        Assert.True(File.Exists(_rlt["two/model/model.safetensors"]));

        static double Reward(System.Text.Json.Nodes.JsonObject row) => Math.Round((double)row["reward"]!, 3);
    }

    /// <summary>One rank's error is said by it, and ends the others, who wait for it.</summary>
    [Theory]
    [MpiData("openmpi", "samples=0", "rlt: rank 1 of 2 on HOST: ")]
    [MpiData("mpich", "samples=0", "rlt: rank 1 of 2 on HOST: ")]
    [MpiData("openmpi", "seed=4", "rlt: rank 1 on HOST differs from rank 0: seed 4, where rank 0 has 0. Start all ranks with the same")]
    [MpiData("mpich", "seed=4", "rlt: rank 1 on HOST differs from rank 0: seed 4, where rank 0 has 0. Start all ranks with the same")]
    public void BadInput_OfOneRank_EndsAll(string mpi, string setting, string expected)
    {
        string[] line = [Environment.ProcessPath!, typeof(Program).Assembly.Location, "eval", "--config", _rlt["eval.yaml"]];
        using Process process = Mpirun.Start(
            Mpirun.Name(mpi), [.. mpi == "openmpi" ? ["--allow-run-as-root", "--oversubscribe"] : Array.Empty<string>(), "-n", "1", .. line, ":", "-n", "1", .. line, "--set", setting]);
        (int exit, _, string errors) = Mpirun.Ended(process);
        Assert.Equal(2, exit);
        Assert.StartsWith(expected.Replace("HOST", Environment.MachineName, StringComparison.Ordinal), errors, StringComparison.Ordinal);
    }

    [Theory]
    [MpiData("openmpi")]
    [MpiData("mpich")]
    public void KilledRank_EndsTheRun_WithinSeconds(string mpi)
    {
        using Process launch = Begun(mpi);
        var clock = Stopwatch.StartNew();
        Send("-KILL", RankOne());
        (int exit, _, string errors) = Mpirun.Ended(launch);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, Prompt);
        Assert.Equal(3, exit);
        Assert.Contains("rlt: a rank was killed or lost before it could say why", errors, StringComparison.Ordinal);
    }

    [Theory]
    [MpiData("openmpi", "-INT")]
    [MpiData("mpich", "-TERM")]
    public void Stopped_OnAllRanks_SaysSoOnce(string mpi, string signal)
    {
        using Process launch = Begun(mpi);
        Send(signal, launch.Id);
        (int exit, _, string errors) = Mpirun.Ended(launch);
        Assert.True(exit == 130, $"{exit} {errors}");
        Assert.Single(errors.Split('\n'), line => line.StartsWith("rlt: stopped; go on with:", StringComparison.Ordinal));
        Assert.Contains($"launch -n 2 --mpirun {Mpirun.Name(mpi)} eval --config", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("launch: 'doctor' is no command that several ranks run together; expected warmup,", "launch", "-n", "2", "doctor")]
    [InlineData("launch: no command is given; expected warmup,", "launch", "-n", "2")]
    [InlineData("launch: -n is 0; expected 1 or more.", "launch", "-n", "0", "eval")]
    [InlineData("launch: 'nothing' cannot be run (", "launch", "-n", "2", "--mpirun", "nothing", "eval")]
    [InlineData("Option '-n' is required.", "launch", "eval")]
    [InlineData("--shard is '0/3'; expected I/N, the I-th of N parts, such as 1/8 to 8/8.", "eval", "--config", "@eval.yaml", "--shard", "0/3")]
    public void BadInput_BeforeAnyRank_IsOneLine(string expected, params string[] arguments)
    {
        CommandResult result = _rlt.Run(arguments);
        Assert.Equal(2, result.Exit);
        Assert.StartsWith(expected, result.Message, StringComparison.Ordinal);
        Assert.Single(result.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static (int Exit, string Output, string Errors) Launch(string mpi, params string[] command) => Mpirun.Ended(Start(mpi, command));

    private static Process Start(string mpi, string[] command) => Mpirun.Start(
        Environment.ProcessPath!, [typeof(Program).Assembly.Location, "launch", "-n", "2", "--mpirun", Mpirun.Name(mpi), .. command]);

    // An evaluation that takes long, with its first line said.
    private Process Begun(string mpi)
    {
        Process launch = Start(mpi, _long);
        string? line;
        while ((line = launch.StandardError.ReadLine()) is not null && !line.StartsWith("eval: ", StringComparison.Ordinal))
        {
            Assert.DoesNotContain("rlt: ", line, StringComparison.Ordinal);
        }

        // The other rank is there by then, too.
        Thread.Sleep(1000);
        return launch;
    }

    private int RankOne() => Directory.EnumerateDirectories("/proc").Select(path => Path.GetFileName(path)).Where(name => name.All(char.IsAsciiDigit))
        .Where(id => Read(id, "cmdline") is var line && line.Contains(_rlt["eval.yaml"], StringComparison.Ordinal) && !line.Contains("launch", StringComparison.Ordinal)
            && Read(id, "environ").Split('\0').Any(variable => variable is "PMI_RANK=1" or "OMPI_COMM_WORLD_RANK=1"))
        .Select(id => int.Parse(id, System.Globalization.CultureInfo.InvariantCulture)).Single();

    private static string Read(string process, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/{file}");
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static void Send(string signal, int process)
    {
        using Process kill = Process.Start("kill", [signal, $"{process}"]);
        kill.WaitForExit();
    }
}
