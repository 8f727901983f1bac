using System.Runtime.InteropServices;

namespace TorchSharp;

/// <summary>The C functions of native/shim.cpp; see there for what each does.</summary>
internal static partial class Shim
{
    public const string Library = "rlt_torch";

    static Shim() => LibTorch.Prepare();

    [LibraryImport(Library)] internal static partial nint rlt_error();

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial nint rlt_find_op(string name, string overload);

    [LibraryImport(Library)] internal static unsafe partial int rlt_call(nint op, NativeValue* args, int count, NativeValue* results, int capacity);

    [LibraryImport(Library)] internal static partial void rlt_tensor_free(nint handle);

    [LibraryImport(Library)] internal static partial nint rlt_tensor_alias(nint handle);

    [LibraryImport(Library)] internal static unsafe partial int rlt_tensor_shape(nint handle, long* sizes, int capacity);

    [LibraryImport(Library)] internal static partial long rlt_tensor_stride(nint handle, int dim);

    [LibraryImport(Library)] internal static partial long rlt_tensor_numel(nint handle);

    [LibraryImport(Library)] internal static partial int rlt_tensor_dtype(nint handle);

    [LibraryImport(Library)] internal static partial int rlt_tensor_is_contiguous(nint handle);

    [LibraryImport(Library)] internal static partial long rlt_tensor_device(nint handle);

    [LibraryImport(Library)] internal static partial nint rlt_tensor_data(nint handle);

    [LibraryImport(Library)] internal static unsafe partial nint rlt_tensor_from_blob(void* data, long* sizes, int dims, int dtype);

    [LibraryImport(Library)] internal static partial int rlt_tensor_requires_grad(nint handle);

    [LibraryImport(Library)] internal static partial int rlt_tensor_set_requires_grad(nint handle, int on);

    [LibraryImport(Library)] internal static partial nint rlt_tensor_grad(nint handle);

    [LibraryImport(Library)] internal static partial int rlt_tensor_set_grad(nint handle, nint gradient);

    [LibraryImport(Library)]
    internal static unsafe partial int rlt_backward(
        nint* outputs, nint* gradients, int count, int gradientCount, nint* inputs, int inputCount, int retain, int create);

    [LibraryImport(Library)] internal static partial int rlt_grad_enabled();

    [LibraryImport(Library)] internal static partial void rlt_set_grad_enabled(int on);

    [LibraryImport(Library)] internal static partial nint rlt_torch_version();

    [LibraryImport(Library)] internal static partial void rlt_set_threads(int count);

    [LibraryImport(Library)] internal static partial int rlt_threads();

    [LibraryImport(Library)] internal static partial int rlt_manual_seed(long seed);

    [LibraryImport(Library)] internal static partial nint rlt_openblas_core();

    [LibraryImport(Library)] internal static partial int rlt_openblas_parallel();

    [LibraryImport(Library)] internal static partial int rlt_has_mkl();

    [LibraryImport(Library)] internal static partial int rlt_cuda_device_count();

    [LibraryImport(Library)] internal static partial int rlt_cuda_synchronize(int index);

    [LibraryImport(Library)] internal static unsafe partial int rlt_cuda_memory(int index, long* bytes);

    [LibraryImport(Library)] internal static partial int rlt_cuda_reset_peak(int index);

    /// <summary>libtorch's last error on this thread.</summary>
    internal static string LastError() => Marshal.PtrToStringUTF8(rlt_error()) ?? "unknown error";

    /// <summary>Throws libtorch's error if a call returned its failure value.</summary>
    internal static void Check(bool succeeded, string what)
    {
        if (!succeeded)
        {
            throw new TorchException($"{what}: {LastError()}");
        }
    }
}

/// <summary>An argument or result on its way through the shim; mirrors <c>Value</c> in shim.cpp.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeValue
{
    public ArgKind Kind;
    public int Count;
    public long Bits;
}

/// <summary>What an argument holds; mirrors <c>Tag</c> in shim.cpp.</summary>
internal enum ArgKind
{
    Default,
    None,
    Tensor,
    Int,
    Double,
    Bool,
    IntList,
    TensorList,
    OptionalTensorList,
    Device,
    String,
}
