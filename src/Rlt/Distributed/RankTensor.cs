using Rlt.Platform;
using TorchSharp;

namespace Rlt.Distributed;

/// <summary>The memory of a tensor that is summed or gathered.</summary>
/// <param name="Address">Its first element.</param>
/// <param name="Count">Elements.</param>
/// <param name="Type">Their type.</param>
internal readonly unsafe record struct RankTensor(nint Address, long Count, torch.ScalarType Type)
{
    /// <summary>Bytes of an element.</summary>
    public int ElementBytes => Type switch { torch.ScalarType.Int64 => 8, torch.ScalarType.Float32 => 4, _ => 2 };

    /// <summary>Bytes of all.</summary>
    public long Bytes => Count * ElementBytes;

    /// <summary>That of a tensor.</summary>
    /// <exception cref="ArgumentException">It is of another type or device, or not dense.</exception>
    public static RankTensor Of(torch.Tensor x, DeviceType device) =>
        x.device_type == device && x.is_contiguous() && x.dtype is torch.ScalarType.Float32 or torch.ScalarType.BFloat16 or torch.ScalarType.Int64
            ? new RankTensor((nint)CpuKernels.At(x), x.numel(), x.dtype)
            : throw new ArgumentException(
                $"expected a dense tensor of float32, bfloat16 or int64 on {device}, got {x.dtype} of shape [{string.Join(", ", x.shape)}] on {x.device}");

    /// <summary>That of a rank's share and of the whole.</summary>
    /// <exception cref="ArgumentException">One of them is not such a tensor, or the whole is not as many times the share as there are ranks.</exception>
    public static (RankTensor Share, RankTensor Whole) Of(torch.Tensor share, torch.Tensor whole, int ranks, DeviceType device)
    {
        (RankTensor one, RankTensor all) = (Of(share, device), Of(whole, device));
        return one.Count * ranks == all.Count && one.Type == all.Type ? (one, all)
            : throw new ArgumentException(
                $"expected {ranks} times the share's {one.Count} elements of {one.Type} in the whole, got {all.Count} of {all.Type}");
    }

    /// <summary>The address of an element.</summary>
    public nint At(long element) => Address + (nint)(element * ElementBytes);
}
