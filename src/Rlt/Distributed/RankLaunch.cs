using System.Globalization;

namespace Rlt.Distributed;

/// <summary>What starts ranks, by the variables that it sets.</summary>
public enum RankStarter
{
    /// <summary>Open MPI's mpirun.</summary>
    OpenMpi,

    /// <summary>A starter that speaks PMI 1 or 2: mpirun of the MPICH family, or srun --mpi=pmi2.</summary>
    Pmi,

    /// <summary>srun --mpi=pmix.</summary>
    Pmix,

    /// <summary>srun --mpi=none: independent tasks.</summary>
    None,
}

/// <summary>What the environment says of how this process was started as one of several ranks.</summary>
/// <param name="Starter">By what.</param>
/// <param name="Rank">This process's number.</param>
/// <param name="Size">The number of ranks.</param>
public sealed record RankLaunch(RankStarter Starter, int Rank, int Size)
{
    private const string StepTasks = "SLURM_STEP_NUM_TASKS";

    /// <summary>The starter's name.</summary>
    public string Shown => Starter == RankStarter.OpenMpi ? "Open MPI's mpirun" : Number(StepTasks) is null ? "mpirun" : "srun";

    /// <summary>As the variables say; null where they speak of no more than one rank.</summary>
    public static RankLaunch? Find() =>
        (Of(RankStarter.OpenMpi, "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE")
            ?? Of(RankStarter.Pmi, "PMI_RANK", "PMI_SIZE")
            ?? Of(RankStarter.Pmix, "PMIX_RANK", StepTasks)
            ?? Of(RankStarter.None, "SLURM_PROCID", StepTasks)) is { Size: > 1 } launch ? launch : null;

    private static RankLaunch? Of(RankStarter starter, string rank, string size) =>
        Number(rank) is { } own && Number(size) is { } all ? new RankLaunch(starter, own, all) : null;

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : null;
}
