namespace Rlt.Tests.Distributed;

/// <summary>Collectives over MPI, on ranks that are processes.</summary>
public sealed class MpiRanksTests
{
    private const string Program = "Rlt.Tests.dll";

    [Theory]
    [MpiData("openmpi", 2)]
    [MpiData("openmpi", 4)]
    [MpiData("mpich", 2)]
    [MpiData("mpich", 4)]
    public void Collectives_OnRanks_DoWhatTheyShould(string mpi, int ranks)
    {
        (int exit, string output, string errors) = Mpirun.Run(mpi, ranks, Program, "100000");
        Assert.True(exit == 0, errors + output);
        Assert.Equal(Enumerable.Range(0, ranks).Select(rank => $"rank {rank} of {ranks}: ok"), output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order());
    }
}
