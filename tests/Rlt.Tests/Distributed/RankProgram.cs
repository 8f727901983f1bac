using Rlt.Distributed;
using Rlt.Distributed.Mpi;

namespace Rlt.Tests.Distributed;

/// <summary>The program that tests of several ranks start: the checks of the collectives, moving so many bytes at a time.</summary>
internal static class RankProgram
{
    public static int Main(string[] arguments)
    {
        try
        {
            using MpiRanks ranks = MpiRanks.Join(RankLaunch.Find()!, pieceBytes: int.Parse(arguments[0], System.Globalization.CultureInfo.InvariantCulture));
            try
            {
                CollectiveChecks.All(ranks);
            }
            catch (Exception error)
            {
                Console.Error.WriteLine($"rank {ranks.Rank}: {error}");
                ranks.Abort(3);
            }

            ranks.Barrier();
            Console.WriteLine($"rank {ranks.Rank} of {ranks.Size}: ok");
            return 0;
        }
        catch (RltException error)
        {
            Console.Error.WriteLine($"rlt: {error.Message}");
            return error.ExitCode;
        }
    }
}
