using System.Diagnostics;
using Rlt.Distributed;
using Rlt.Tests.Data;
using TorchSharp;

namespace Rlt.Tests.Distributed;

/// <summary>The collectives: of a process alone, and of ranks that are processes, over MPI and over a library with NCCL's interface.</summary>
public sealed class CollectiveTests
{
    private const string Program = "Rlt.Tests.dll";
    private const string PieceBytes = "100000";

    [Theory]
    [MpiData("openmpi", 2)]
    [MpiData("openmpi", 4)]
    [MpiData("mpich", 2)]
    [MpiData("mpich", 4)]
    public void Collectives_OverMpi_DoWhatTheyShould(string mpi, int ranks) => Run(mpi, ranks, PieceBytes);

    /// <summary>Main memory in place of a GPU's: order, streams, sizes and types of the calls, and what is computed of their results.</summary>
    [Theory]
    [MpiData("openmpi", 2)]
    [MpiData("mpich", 4)]
    public void Collectives_OverNcclsInterface_CallItInOneOrder(string mpi, int ranks)
    {
        using var scratch = new ScratchDirectory();
        string library = scratch["libmade_up_nccl.so"], source = Path.Combine(Golden.RepositoryRoot, "tests/Rlt.Tests/Distributed/made_up_nccl.cpp");
        using (Process compiler = Process.Start("g++", ["-O1", "-std=c++17", "-shared", "-fPIC", source, "-o", library]))
        {
            compiler.WaitForExit();
            Assert.Equal(0, compiler.ExitCode);
        }

        Environment.SetEnvironmentVariable("MADE_UP_NCCL", scratch["calls"]);
        Run(mpi, ranks, PieceBytes, library);
        string[][] calls = [.. Enumerable.Range(0, ranks).Select(rank => File.ReadAllLines(scratch[$"calls.{rank}"]))];

        // 0x7 is libtorch's stream, 0x5 NCCL's: each waits for the other's events.
        string[] first =
        [
            "device 3", "id", $"init 0 of {ranks}",
            "1 after 0x7", "0x5 waits for 1", "all-reduce 1000 float32 on 0x5", "2 after 0x5", "0x7 waits for 2",
            "3 after 0x7", "0x5 waits for 3", "reduce-scatter 100 float32 on 0x5", "4 after 0x5", "0x7 waits for 4",
            "5 after 0x7", "0x5 waits for 5", "all-gather 10 int64 on 0x5", "6 after 0x5", "0x7 waits for 6",
            "7 after 0x7", "0x5 waits for 7", "broadcast 500 float32 from 0 on 0x5", "8 after 0x5", "0x7 waits for 8",
        ];
        Assert.Equal(first, calls[0].Take(first.Length));
        Assert.Equal("destroy", calls[0][^1]);
        Assert.All(calls, own => Assert.Equal(calls[0].Where(IsCollective), own.Where(IsCollective)));
    }

    [Fact]
    public void Collectives_OfOneRank_CopyAndSendNothing()
    {
        ICollectives alone = OneRank.Instance;
        using var scope = torch.NewDisposeScope();
        torch.Tensor x = torch.arange(6, torch.ScalarType.Float32), y = torch.zeros(6);
        alone.AllReduce(x);
        alone.ReduceScatter(x, y);
        Assert.Equal([0f, 1, 2, 3, 4, 5], y.data<float>());
        alone.AllGather(x, x);
        Assert.Equal([0f, 1, 2, 3, 4, 5], x.data<float>());
        Assert.Equal((0, 1, 0L), (alone.Rank, alone.Size, alone.Traffic.Total));
        Assert.True(alone.IsAny(true));
        Assert.False(alone.IsAny(false));
    }

    private static bool IsCollective(string call) => call.Contains(" on 0x5", StringComparison.Ordinal);

    private static void Run(string mpi, int ranks, params string[] arguments)
    {
        (int exit, string output, string errors) = Mpirun.Run(mpi, ranks, Program, arguments);
        Assert.True(exit == 0, errors + output);
        Assert.Equal(Enumerable.Range(0, ranks).Select(rank => $"rank {rank} of {ranks}: ok"), output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order());
    }
}
