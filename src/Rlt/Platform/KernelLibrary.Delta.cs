using System.Runtime.InteropServices;

namespace Rlt.Platform;

// The kernels of recurrent layers.
internal static unsafe partial class KernelLibrary
{
    [LibraryImport(Kernels)]
    internal static partial void rlt_causal_convolution(
        int type, int weightType, void* x, void* weight, long* segments, long count, ConvolutionShape shape, void* y);

    [LibraryImport(Kernels)]
    internal static partial void rlt_causal_convolution_backward(
        int type, int weightType, void* dy, void* x, void* weight, long* segments, long count, ConvolutionShape shape, void* dx, float* dweight);

    [LibraryImport(Kernels)]
    internal static partial void rlt_causal_convolution_step(
        int type, int weightType, void* x, void* weight, void* tails, long* slots, ConvolutionShape shape, void* y);

    [LibraryImport(Kernels)]
    internal static partial void rlt_gated_delta(
        int type, void* q, void* k, void* v, float* decay, float* beta, long* segments, long count, DeltaShape shape, void* result, float* ends);

    [LibraryImport(Kernels)]
    internal static partial void rlt_gated_delta_backward(
        int type, void* dout, void* q, void* k, void* v, float* decay, float* beta, long* segments, long count, DeltaShape shape, void* dq, void* dk,
            void* dv, float* ddecay, float* dbeta);

    [LibraryImport(Kernels)]
    internal static partial void rlt_gated_delta_step(
        int type, void* q, void* k, void* v, float* decay, float* beta, float* states, long* slots, DeltaShape shape, void* result);
}

/// <summary>Shapes of a causal convolution (kernels.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct ConvolutionShape(long Rows, long Channels, long Taps);

/// <summary>Shapes of the gated delta rule (kernels.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct DeltaShape(long Rows, long KeyHeads, long Heads, long KeyWidth, long ValueWidth);
