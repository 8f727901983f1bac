using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlt.Benchmarks;

/// <summary>Times work that may run on a device of its own clock.</summary>
public static class Stopwatches
{
    /// <summary>Seconds of one run, the device's work included.</summary>
    public static double Time(Action work, Device device)
    {
        Wait(device);
        long start = Stopwatch.GetTimestamp();
        work();
        Wait(device);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>The median of some runs after one that is not counted.</summary>
    public static double Median(Action work, Device device, int repetitions)
    {
        work();
        double[] seconds = [.. Enumerable.Range(0, repetitions).Select(_ => Time(work, device)).Order()];
        return seconds.Length % 2 == 1 ? seconds[seconds.Length / 2] : (seconds[(seconds.Length / 2) - 1] + seconds[seconds.Length / 2]) / 2;
    }

    /// <summary>The fastest of the runs that fit into a time, after two that are not counted.</summary>
    public static double Fastest(Action work, Device device, double seconds)
    {
        work();
        work();
        double best = double.PositiveInfinity;
        for (double spent = 0; spent < seconds;)
        {
            double one = Time(work, device);
            best = Math.Min(best, one);
            spent += one;
        }

        return best;
    }

    private static void Wait(Device device)
    {
        if (device.type == DeviceType.CUDA)
        {
            cuda.synchronize(device);
        }
    }
}
