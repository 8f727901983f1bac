using System.Globalization;
using Rlt.Distributed;
using Rlt.Distributed.Mpi;
using Rlt.Distributed.Nccl;
using Rlt.Platform;
using TorchSharp;

namespace Rlt.Tests.Distributed;

/// <summary>The program that tests of several ranks start: the checks of the collectives over MPI or, with a library that has NCCL's interface, over that.</summary>
internal static class RankProgram
{
    public static int Main(string[] arguments)
    {
        try
        {
            using MpiRanks mpi = MpiRanks.Join(RankLaunch.Find()!, pieceBytes: int.Parse(arguments[0], CultureInfo.InvariantCulture));
            NativeLibraries.SetVariable("MADE_UP_RANK", $"{mpi.Rank}");
            try
            {
                if (arguments is [_, var library])
                {
                    using var nccl = new NcclRanks(mpi, new NcclLibrary(library, library, library), device: 3, DeviceType.CPU);
                    CollectiveChecks.All(nccl, halfBytes: 4);
                }
                else
                {
                    CollectiveChecks.All(mpi, halfBytes: 2);
                }
            }
            catch (Exception error)
            {
                Console.Error.WriteLine($"rank {mpi.Rank}: {error}");
                mpi.Abort(3);
            }

            mpi.Barrier();
            Console.WriteLine($"rank {mpi.Rank} of {mpi.Size}: ok");
            return 0;
        }
        catch (RltException error)
        {
            Console.Error.WriteLine($"rlt: {error.Message}");
            return error.ExitCode;
        }
    }
}
