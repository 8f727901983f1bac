using System.Globalization;

namespace TorchSharp;

/// <summary>Where a tensor's memory is.</summary>
public enum DeviceType
{
    CPU = 0,
    CUDA = 1,
    META = 14,
}

public static partial class torch
{
    /// <summary>The processor's memory.</summary>
    public static readonly Device CPU = new(DeviceType.CPU);

    /// <summary>The current CUDA device.</summary>
    public static Device CUDA { get; } = new(DeviceType.CUDA);

    /// <summary>A device from its description, such as "cpu" or "cuda:1".</summary>
    public static Device device(string description) => new(description);

    /// <summary>A device from its kind and index.</summary>
    public static Device device(DeviceType deviceType, int index = -1) => new(deviceType, index);

    /// <summary>A device: a kind and, for several of a kind, an index (-1: the current one).</summary>
    /// <remarks>Two devices compare by reference, as in TorchSharp; compare <see cref="type"/> and <see cref="index"/>.</remarks>
    public class Device
    {
        /// <exception cref="ArgumentException">The description is not of the form kind[:index].</exception>
        public Device(string description)
        {
            string[] parts = description.Split(':');
            type = parts[0].ToLowerInvariant() switch
            {
                "cpu" => DeviceType.CPU,
                "cuda" => DeviceType.CUDA,
                "meta" => DeviceType.META,
                _ => throw new ArgumentException($"device '{description}' is not known; expected cpu, cuda or cuda:N", nameof(description)),
            };
            if (parts.Length > 2 || (parts.Length == 2 && !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out _)))
            {
                throw new ArgumentException($"device '{description}' is not of the form kind or kind:index", nameof(description));
            }

            index = parts.Length == 2 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : -1;
        }

        public Device(DeviceType deviceType, int index = -1)
        {
            type = deviceType;
            this.index = index;
        }

        public DeviceType type { get; }

        public int index { get; }

        internal long Packed => ((long)type << 32) | (uint)index;

        internal static Device Unpack(long packed) => new((DeviceType)(packed >> 32), (int)packed);

        public static implicit operator Device(string description) => new(description);

        public override string ToString() => type.ToString().ToLowerInvariant() + (index < 0 ? "" : $":{index}");
    }
}
