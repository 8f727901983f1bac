using Rlt.Platform;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlt.Configuration;

/// <summary>Where and in which precision models run.</summary>
public sealed record DeviceConfig
{
    /// <summary>cpu, cuda or cuda:N.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>fp32, bf16, or auto: as the checkpoint stores its weights.</summary>
    public string Dtype { get; init; } = "auto";

    /// <summary>Threads of the CPU's operators; 0: one a core.</summary>
    public int Threads { get; init; }

    /// <summary>The device.</summary>
    /// <exception cref="ConfigException">It is not known, or not there.</exception>
    public Device Resolve()
    {
        Device device;
        try
        {
            device = torch.device(Device);
        }
        catch (ArgumentException error)
        {
            throw new ConfigException(error.Message, error);
        }

        if (device.type is not (DeviceType.CPU or DeviceType.CUDA))
        {
            throw new ConfigException($"device '{Device}' cannot run a model; expected cpu, cuda or cuda:N");
        }

        if (device.type == DeviceType.CUDA && torch.cuda.device_count() <= Math.Max(0, device.index))
        {
            throw new ConfigException(
                $"device {Device}: this libtorch ({TorchLibrary.Version}) sees {torch.cuda.device_count()} CUDA devices. Use --device cpu, or {TorchLibrary.CudaHint}");
        }

        return device;
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

    /// <summary>Sets the thread count of this process.</summary>
    public void UseThreads() => set_num_threads(Threads > 0 ? Threads : Environment.ProcessorCount);
}
