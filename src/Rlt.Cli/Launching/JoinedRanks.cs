using System.Globalization;
using System.Text;
using Rlt.Configuration;
using Rlt.Distributed;
using Rlt.Distributed.Mpi;
using Rlt.Distributed.Nccl;
using Rlt.Files;
using Rlt.Platform;

namespace Rlt.Cli.Launching;

/// <summary>This process as one of several ranks: it joins them before its command runs, and they end together.</summary>
/// <remarks>
/// Only rank 0 writes to the console and to files. A rank that fails while others do not says so itself and ends all of them; where all end, rank 0 says
/// what there is to say, the same message once. mpirun's exit code is not relied on: under <c>rlt launch</c> the run's is left in a file.
/// </remarks>
internal static class JoinedRanks
{
    /// <summary>Where <c>rlt launch</c> looks for the run's exit code.</summary>
    public const string ResultVariable = "RLT_LAUNCH_RESULT";

    private static readonly TimeSpan OthersEndWithin = TimeSpan.FromSeconds(3);

    // What is written has to pass mpirun before the ranks are ended.
    private static readonly TimeSpan WrittenWithin = TimeSpan.FromSeconds(0.5);

    /// <summary>The ranks of this process's run; one where it is alone.</summary>
    public static ICollectives Current { get; private set; } = OneRank.Instance;

    /// <summary>Runs a command, with the ranks that were started with this process if there are any.</summary>
    /// <param name="isOfSeveral">Whether it is a command that several ranks run together.</param>
    /// <param name="name">The command's name.</param>
    /// <param name="guarded">Runs what it is given and says how that ended.</param>
    /// <param name="command">The command.</param>
    /// <returns>The exit code.</returns>
    public static int Run(bool isOfSeveral, string name, Func<Func<int>, Outcome> guarded, Func<int> command)
    {
        if (RankLaunch.Find() is not { } launch || (launch.Starter == RankStarter.None && !isOfSeveral))
        {
            Outcome alone = guarded(command);
            Say(alone.Message);
            return alone.Exit;
        }

        MpiRanks? ranks = null;
        Outcome joined = guarded(() =>
        {
            ranks = isOfSeveral ? MpiRanks.Join(launch) : throw new ConfigException(
                $"{launch.Shown} started {launch.Size} times '{name}', which runs as one process. Start it without {launch.Shown}.");
            return 0;
        });
        if (ranks is null)
        {
            // All of them fail of the same.
            Say(launch.Rank == 0 ? joined.Message : null);
            WriteResult(joined.Exit);
            return joined.Exit;
        }

        Use(ranks);
        WritingProcess.IsThis = ranks.Rank == 0;
        (TextWriter output, TextWriter errors) = (Console.Out, Console.Error);
        try
        {
            if (ranks.Rank > 0)
            {
                Console.SetOut(TextWriter.Null);
                Console.SetError(TextWriter.Null);
            }

            TakeShare(ranks);
            Outcome ended = guarded(command);
            Console.SetError(errors);
            return End(ranks, ended with { IsQuiet = ranks.IsQuiet });
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(errors);
            Use(OneRank.Instance);
            WritingProcess.IsThis = true;
        }
    }

    /// <summary>Has tensors of the device that a command computes on exchanged, those of GPUs over NCCL, and models
    /// loaded as it says what is shared out.</summary>
    public static void Use(DeviceConfig device)
    {
        // Where that is left open, a training run's plan may decide for more.
        Sharding.OfProcess = Sharding.OfProcess with { Stage = device.ResolveSharding() ?? ShardingStage.Zero2 };
        if (Current.Size > 1 && !device.RequireKnown().Groups[1].Value.Equals("cpu", StringComparison.OrdinalIgnoreCase))
        {
            TorchLibrary.Load();
            Use(NcclRanks.Join(Current, device.Resolve().index));
        }
    }

    /// <summary>Does something on rank 0 first, and then on the others; where rank 0 cannot, none of them can.</summary>
    public static T InTurn<T>(Func<T> open)
    {
        if (Current.Size == 1)
        {
            return open();
        }

        T result = default!;
        RltException? error = null;
        if (Current.Rank == 0)
        {
            try
            {
                result = open();
            }
            catch (RltException failed)
            {
                error = failed;
            }
        }

        string message = Encoding.UTF8.GetString(Current.BroadcastBytes(Encoding.UTF8.GetBytes(error?.Message ?? ""), root: 0));
        return error is not null ? throw error : message.Length > 0 ? throw new ConfigException(message) : Current.Rank == 0 ? result : open();
    }

    /// <summary>The words before this command's own by which the ranks were started; none where it is alone.</summary>
    public static string[] Started => RankLaunch.Find() is { } launch && Environment.GetEnvironmentVariable(ResultVariable) is null
        ? launch.Shown == "srun" ? ["srun", "-n", $"{launch.Size}"] : ["mpirun", "-n", $"{launch.Size}"]
        : [];

    private static void Use(ICollectives ranks) => (Current, Sharding.OfProcess) = (ranks, Sharding.OfProcess with { Ranks = ranks });

    private static int End(MpiRanks ranks, Outcome own)
    {
        if (ranks.Farewell(own.ToBytes(), own.Exit == 0 ? Timeout.InfiniteTimeSpan : OthersEndWithin) is not { } sent)
        {
            Say($"rank {ranks.Rank} of {ranks.Size} on {Environment.MachineName}: {own.Message}");
            return Abort(ranks, own.Exit);
        }

        Outcome[] all = [.. sent.Select(Outcome.Read)];
        int exit = all.Max(one => one.Exit);
        if (ranks.Rank == 0)
        {
            string?[] messages = [.. all.Select(one => one.Message)];
            string?[] said = messages.OfType<string>().Distinct().Count() <= 1 ? [messages.OfType<string>().FirstOrDefault()]
                : [.. messages.Select((message, rank) => message is null ? null : $"rank {rank}: {message}")];
            Array.ForEach(said, Say);
            WriteResult(exit);
        }

        if (!all.All(one => one.IsQuiet))
        {
            return Abort(ranks, exit);
        }

        if (exit == 0 && Current != ranks)
        {
            Current.Dispose();
        }

        ranks.Dispose();
        return Environment.GetEnvironmentVariable(ResultVariable) is null ? exit : 0;
    }

    private static int Abort(MpiRanks ranks, int exit)
    {
        WriteResult(exit);
        Thread.Sleep(WrittenWithin);
        ranks.Abort(exit);
        return exit;
    }

    private static void TakeShare(MpiRanks ranks)
    {
        string own = $"{Environment.MachineName} {ProcessShare.Cores}";
        ProcessShare.Take(ranks.LocalRank, ranks.AllGatherTexts(own).Count(other => other == own));
    }

    private static void Say(string? message)
    {
        if (message is not null)
        {
            Console.Error.WriteLine($"rlt: {message}");
            Console.Error.Flush();
        }
    }

    private static void WriteResult(int exit)
    {
        if (Environment.GetEnvironmentVariable(ResultVariable) is { Length: > 0 } file)
        {
            File.WriteAllText(file, exit.ToString(CultureInfo.InvariantCulture));
        }
    }
}
