using TorchSharp;
using static TorchSharp.torch;

namespace Rlt.Platform;

/// <summary>In which type weights are held and in which activations are computed: two things on a processor that cannot multiply bf16.</summary>
/// <remarks>
/// There bf16 weights stay bf16, half the memory and half of what decoding reads, and the kernels widen them while they read them; activations are
/// float32. Without kernels libtorch computes in the weights' type, and emulates bf16 where the processor lacks it.
/// </remarks>
public static class Precision
{
    /// <summary>The type of activations beside weights of a type.</summary>
    public static ScalarType Activations(ScalarType weights, DeviceType device) =>
        weights == ScalarType.BFloat16 && device == DeviceType.CPU && TorchLibrary.HasCpuKernels && !ProcessorLevel.MultipliesBf16
            ? ScalarType.Float32 : weights;

    /// <summary>What dtype auto makes of stored weights: as they are, or float32 where the device computes their type slowly or not at all.</summary>
    public static ScalarType Auto(ScalarType stored, DeviceType device) =>
        device == DeviceType.CPU && (stored == ScalarType.Float16 || (stored == ScalarType.BFloat16 && EmulatesBf16)) ? ScalarType.Float32 : stored;

    /// <summary>What to say of a type that a user has chosen and that is more than three times slower here than another; null where it is not.</summary>
    /// <param name="chosen">The dtype; null for auto.</param>
    /// <param name="device">Where the model is.</param>
    public static string? Warning(ScalarType? chosen, DeviceType device) => device != DeviceType.CPU ? null : chosen switch
    {
        ScalarType.BFloat16 when EmulatesBf16 =>
            "dtype bf16: without rlt's kernels this processor computes bf16 many times slower than fp32. Set dtype to fp32, or to auto",
        ScalarType.Float32 when TorchLibrary.HasCpuKernels && ProcessorLevel.Current == "amx" =>
            "dtype fp32: this processor computes bf16 (AMX) three to five times faster. Set dtype to bf16 where its 8 bits are enough",
        _ => null,
    };

    /// <summary>In float32, or float64 where it is that.</summary>
    public static Tensor Wide(this Tensor x) => x.dtype == ScalarType.Float64 ? x : x.to(ScalarType.Float32);

    /// <summary>Bytes of an element.</summary>
    public static int Bytes(ScalarType type) => type is ScalarType.BFloat16 or ScalarType.Float16 ? 2 : 4;

    private static bool EmulatesBf16 => !TorchLibrary.HasCpuKernels && !ProcessorLevel.HasBf16;
}
