using System.Runtime.InteropServices;
using System.Text;
using Rlt.Platform;

namespace Rlt.Distributed.Mpi;

/// <summary>
/// The functions and handles of this machine's MPI library: Open MPI, or MPICH and those with its binary interface (Intel MPI, MVAPICH, Cray).
/// </summary>
/// <remarks>
/// Handles of MPICH are integers, those of Open MPI addresses: both travel as a native integer, whose lower half is what a C function with an int
/// parameter reads on every supported processor. Values: mpi.h of MPICH 4 (the interface common to the MPICH family) and of Open MPI 4 and 5.
/// </remarks>
internal sealed unsafe class MpiLibrary
{
    /// <summary>The variable that names another library.</summary>
    public const string Variable = "RLT_MPI";

    private const int VersionBytes = 8192;
    private const string OpenMpi = "libmpi.so.40";
    private static readonly string[] Mpich = ["libmpich.so.12", "libmpi.so.12"];

    private readonly nint _library;

    private MpiLibrary(nint library, string file)
    {
        _library = library;
        GetVersion = (delegate* unmanaged<byte*, int*, int>)Function("MPI_Get_library_version", file);
        Version = LibraryVersion();
        InitThread = (delegate* unmanaged<int*, byte***, int, int*, int>)Function("MPI_Init_thread", file);
        CommRank = (delegate* unmanaged<nint, int*, int>)Function("MPI_Comm_rank", file);
        CommSize = (delegate* unmanaged<nint, int*, int>)Function("MPI_Comm_size", file);
        CommDup = (delegate* unmanaged<nint, nint*, int>)Function("MPI_Comm_dup", file);
        IBarrier = (delegate* unmanaged<nint, nint*, int>)Function("MPI_Ibarrier", file);
        IAllGather = (delegate* unmanaged<void*, int, nint, void*, int, nint, nint, nint*, int>)Function("MPI_Iallgather", file);
        AllGather = (delegate* unmanaged<void*, int, nint, void*, int, nint, nint, int>)Function("MPI_Allgather", file);
        AllToAll = (delegate* unmanaged<void*, int, nint, void*, int, nint, nint, int>)Function("MPI_Alltoall", file);
        Bcast = (delegate* unmanaged<void*, int, nint, int, nint, int>)Function("MPI_Bcast", file);
        Test = (delegate* unmanaged<nint*, int*, nint, int>)Function("MPI_Test", file);
        TypeContiguous = (delegate* unmanaged<int, nint, nint*, int>)Function("MPI_Type_contiguous", file);
        TypeCreateResized = (delegate* unmanaged<nint, nint, nint, nint*, int>)Function("MPI_Type_create_resized", file);
        TypeCommit = (delegate* unmanaged<nint*, int>)Function("MPI_Type_commit", file);
        TypeFree = (delegate* unmanaged<nint*, int>)Function("MPI_Type_free", file);
        Abort = (delegate* unmanaged<nint, int, int>)Function("MPI_Abort", file);
        Finalize = (delegate* unmanaged<int>)Function("MPI_Finalize", file);
        bool isOpen = NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out nint world);
        CommWorld = isOpen ? world : 0x44000000;
        Byte = isOpen ? NativeLibrary.GetExport(library, "ompi_mpi_byte") : 0x4c00010d;
        InPlace = isOpen ? 1 : -1;
        StatusIgnore = isOpen ? 0 : 1;
    }

    public string Version { get; }
    public nint CommWorld { get; }
    public nint Byte { get; }
    public nint InPlace { get; }
    public nint StatusIgnore { get; }
    public delegate* unmanaged<int*, byte***, int, int*, int> InitThread { get; }
    public delegate* unmanaged<nint, int*, int> CommRank { get; }
    public delegate* unmanaged<nint, int*, int> CommSize { get; }
    public delegate* unmanaged<nint, nint*, int> CommDup { get; }
    public delegate* unmanaged<nint, nint*, int> IBarrier { get; }
    public delegate* unmanaged<void*, int, nint, void*, int, nint, nint, nint*, int> IAllGather { get; }
    public delegate* unmanaged<void*, int, nint, void*, int, nint, nint, int> AllGather { get; }
    public delegate* unmanaged<void*, int, nint, void*, int, nint, nint, int> AllToAll { get; }
    public delegate* unmanaged<void*, int, nint, int, nint, int> Bcast { get; }
    public delegate* unmanaged<nint*, int*, nint, int> Test { get; }
    public delegate* unmanaged<int, nint, nint*, int> TypeContiguous { get; }
    public delegate* unmanaged<nint, nint, nint, nint*, int> TypeCreateResized { get; }
    public delegate* unmanaged<nint*, int> TypeCommit { get; }
    public delegate* unmanaged<nint*, int> TypeFree { get; }
    public delegate* unmanaged<nint, int, int> Abort { get; }
    public delegate* unmanaged<int> Finalize { get; }
    private delegate* unmanaged<byte*, int*, int> GetVersion { get; }

    /// <summary>Loads the library that belongs to what started this process.</summary>
    /// <param name="launch">What started it.</param>
    /// <exception cref="ConfigException">There is none, or nothing by which the ranks find each other.</exception>
    public static MpiLibrary Load(RankLaunch launch)
    {
        if (launch.Starter == RankStarter.None)
        {
            throw new ConfigException($"srun started {launch.Size} tasks without PMI, so that they cannot find each other. "
                + "Add --mpi=pmix or --mpi=pmi2 to srun ('srun --mpi=list' names what there is); collect and eval also run as independent tasks, by --shard.");
        }

        string[] names = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named ? [named]
            : launch.Starter is RankStarter.OpenMpi ? [OpenMpi]
            : launch.Starter is RankStarter.Pmi ? [.. Mpich, OpenMpi] : [OpenMpi, .. Mpich];

        // Handlers of these libraries would take the place of the runtime's own, which makes exceptions of some signals.
        NativeLibraries.SetVariable("OMPI_MCA_opal_signal", "");
        NativeLibraries.SetVariable("UCX_ERROR_SIGNALS", "");
        foreach (string name in names)
        {
            if (NativeLibrary.TryLoad(name, out nint library))
            {
                return new MpiLibrary(library, name);
            }
        }

        throw new ConfigException($"{launch.Shown} started {launch.Size} ranks, but no MPI library is there that it works with: "
            + $"tried {string.Join(", ", names)}. Install the MPI that {launch.Shown} belongs to (Debian: libopenmpi3 or libmpich12), "
            + $"add its folder to LD_LIBRARY_PATH, or name its library in {Variable}.");
    }

    private string LibraryVersion()
    {
        byte* text = stackalloc byte[VersionBytes];
        int length = 0;
        _ = GetVersion(text, &length);
        string[] lines = Encoding.UTF8.GetString(text, Math.Min(length, VersionBytes)).TrimEnd('\0').Split('\n');
        return string.Join(' ', lines[0].Split(',')[0].Split([' ', '\t', ':'], StringSplitOptions.RemoveEmptyEntries).Where(word => word != "Version"));
    }

    private nint Function(string name, string file) => NativeLibrary.TryGetExport(_library, name, out nint address) ? address
        : throw new ConfigException($"{file} has no function {name}: it is not a library of MPI 3 or later. Name another one in {Variable}.");
}
