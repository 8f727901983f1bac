using System.Globalization;
using System.Text.RegularExpressions;
using Rlt.Configuration.Reference;
using Rlt.Distributed;
using Rlt.Configuration.Resuming;
using Rlt.Platform;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlt.Configuration;

/// <summary>Where and in which precision models run.</summary>
public sealed record DeviceConfig : IValidated
{
    /// <summary>cpu, cuda or cuda:N; of several ranks on a machine, cuda is for each the GPU of its number.</summary>
    [MayChange]
    public string Device { get; init; } = "cpu";

    /// <summary>fp32, bf16, or auto: as the checkpoint stores its weights, where this machine computes that well.</summary>
    [ConfigValues("auto", "fp32", "bf16")]
    public string Dtype { get; init; } = "auto";

    /// <summary>Threads of the CPU's operators; 0: one a core, which several ranks on a machine share out.</summary>
    [MayChange]
    public int Threads { get; init; }

    /// <summary>What each of several ranks holds only its share of: none, zero1 (the optimizer's state), zero2 (and gradients), zero3 (and weights), or auto:
    /// zero2, and zero3 where a training run's memory plan needs it.</summary>
    [MayChange]
    [ConfigValues("auto", "none", "zero1", "zero2", "zero3")]
    public string Sharding { get; init; } = "auto";

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Problems() => Ranges.NotNegative((nameof(Threads), Threads));

    /// <summary>The device.</summary>
    /// <exception cref="ConfigException">It is not known, or not there.</exception>
    public Device Resolve()
    {
        Match description = RequireKnown();
        if (description.Groups[1].Value.Equals("cpu", StringComparison.OrdinalIgnoreCase))
        {
            return CPU;
        }

        int index = description.Groups[2].Success ? int.Parse(description.Groups[2].Value, CultureInfo.InvariantCulture) : ProcessShare.CudaDevice;
        if (cuda.device_count() <= Math.Max(0, index))
        {
            throw new ConfigException(
                $"device {Device}: this libtorch ({TorchLibrary.Version}) sees {cuda.device_count()} CUDA devices. "
                    + $"Use --device cpu, or {TorchLibrary.CudaHint}");
        }

        return device(DeviceType.CUDA, index);
    }

    /// <summary>The device's kind and number as it is written, whether it is there or not.</summary>
    /// <exception cref="ConfigException">It is not known.</exception>
    public Match RequireKnown()
    {
        Match description = Regex.Match(Device, @"^(cpu|cuda)(?::([0-9]{1,4}))?$", RegexOptions.IgnoreCase);
        return description.Success ? description
            : Device.Contains(',', StringComparison.Ordinal)
                ? throw new ConfigException(
                    $"device '{Device}' names several devices; a rank uses one. Give cpu, cuda or cuda:N, such as {Device.Split(',')[0]}, or cuda with rlt launch")
                : throw new ConfigException($"device '{Device}' is not known; expected cpu, cuda or cuda:N");
    }

    /// <summary>The dtype; null for auto.</summary>
    /// <exception cref="ConfigException">It is not known.</exception>
    public ScalarType? ResolveDtype() => Dtype switch
    {
        "auto" => null,
        "fp32" => ScalarType.Float32,
        "bf16" => ScalarType.BFloat16,
        _ => throw new ConfigException($"dtype is '{Dtype}'; expected fp32, bf16 or auto"),
    };

    /// <summary>What is shared out; null for auto.</summary>
    /// <exception cref="ConfigException">It is not known.</exception>
    public ShardingStage? ResolveSharding() => Sharding switch
    {
        "auto" => null,
        "none" => ShardingStage.None,
        "zero1" => ShardingStage.Zero1,
        "zero2" => ShardingStage.Zero2,
        "zero3" => ShardingStage.Zero3,
        _ => throw new ConfigException($"sharding is '{Sharding}'; expected none, zero1, zero2, zero3 or auto"),
    };

    /// <summary>Sets the thread count of this process.</summary>
    public void UseThreads() => set_num_threads(Threads > 0 ? Threads : ProcessShare.Threads);
}
