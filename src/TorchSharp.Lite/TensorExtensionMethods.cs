using static TorchSharp.torch;

namespace TorchSharp;

/// <summary>The single element of a tensor as a C# number, whatever the tensor's dtype and device.</summary>
public static class TensorExtensionMethods
{
    public static float ToSingle(this Tensor value) => Read<float>(value, ScalarType.Float32);

    public static double ToDouble(this Tensor value) => Read<double>(value, ScalarType.Float64);

    public static long ToInt64(this Tensor value) => Read<long>(value, ScalarType.Int64);

    public static bool ToBoolean(this Tensor value) => value.ToInt64() != 0;

    private static T Read<T>(Tensor value, ScalarType type)
        where T : unmanaged
    {
        if (value.dtype == type && value.device_type == DeviceType.CPU)
        {
            return value.item<T>();
        }

        using Tensor converted = value.to(type, CPU);
        return converted.item<T>();
    }
}
