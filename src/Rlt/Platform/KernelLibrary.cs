using System.Reflection;
using System.Runtime.InteropServices;

namespace Rlt.Platform;

/// <summary>
/// The kernel library's functions, by the names of src/Rlt.Kernels/library.cpp, and how it is found: beside the program, a file for each processor
/// level.
/// </summary>
internal static unsafe partial class KernelLibrary
{
    private const string Kernels = "rlt_kernels";
    private const string Libtorch = "libtorch_cpu.so";

    static KernelLibrary()
    {
        NativeLibrary.SetDllImportResolver(typeof(KernelLibrary).Assembly, Resolve);
        if (NativeLibraries.Find(FileName) is not null)
        {
            nint libtorch = NativeLibrary.Load(Libtorch, typeof(KernelLibrary).Assembly, null);
            rlt_use_threads(NativeLibrary.GetExport(libtorch, "torch_parallel_for"), NativeLibrary.GetExport(libtorch, "torch_get_num_threads"));
            IsThere = true;
        }
    }

    /// <summary>Whether there are kernels for this processor.</summary>
    public static bool IsThere { get; }

    private static string FileName => $"librlt_kernels_{ProcessorLevel.Current}.so";

    [LibraryImport(Libtorch)]
    internal static partial int aoti_torch_get_data_ptr(nint tensor, void** pointer);

    [LibraryImport(Kernels)]
    internal static partial void rlt_rms_norm(
        int type, int weightType, void* x, void* delta, void* weight, float offset, float epsilon, void* sum, void* y, float* scale, long rows, long width);

    [LibraryImport(Kernels)]
    internal static partial void rlt_rms_norm_backward(
        int type, int weightType, void* dy, void* dsum, void* x, void* weight, float offset, float* scale, void* dx, float* dweight, long rows,
            long width);

    [LibraryImport(Kernels)]
    internal static partial void rlt_rotate(
        int type, void* x, float* cos, float* sin, long* positions, float direction, void* y, long rows, HeadShape shape);

    [LibraryImport(Kernels)]
    internal static partial void rlt_swiglu(int type, void* gate, void* up, void* y, long count);

    [LibraryImport(Kernels)]
    internal static partial void rlt_swiglu_backward(int type, void* dy, void* gate, void* up, void* dgate, void* dup, long count);

    [LibraryImport(Kernels)]
    internal static partial void rlt_product(Matrix a, Matrix b, void* bias, void* c, int type, long row, int add, long rows, long columns, long depth);

    [LibraryImport(Kernels)]
    internal static partial void rlt_linear_rows(void* x, int type, void* weight, int weightType, void* bias, void* y, long rows, long inputs, long outputs);

    [LibraryImport(Kernels)]
    internal static partial void rlt_attention(
        int type, void* q, void* k, void* v, long* segments, long count, AttentionShape shape, void* result, float* logSum);

    [LibraryImport(Kernels)]
    internal static partial void rlt_attention_backward(
        int type, void* dout, void* q, void* k, void* v, void* result, float* logSum, long* segments, long count, AttentionShape shape, void* dq, void* dk,
            void* dv);

    [LibraryImport(Kernels)]
    internal static partial void rlt_cache_write(int type, void* k, void* v, long* slots, void* keys, void* values, CacheShape shape, long rows);

    [LibraryImport(Kernels)]
    internal static partial void rlt_cache_attention(
        int type, void* q, void* keys, void* values, long* tables, long tableWidth, long* lengths, CacheShape shape, ScoreRule rule, long rows,
            long heads, void* result);

    [LibraryImport(Kernels)]
    internal static partial void rlt_log_prob(
        int type, void* logits, long* targets, float temperature, float* result, float* logSum, long rows, long vocabulary);

    [LibraryImport(Kernels)]
    internal static partial void rlt_log_prob_backward(
        int type, void* logits, long* targets, float* logSum, float* gradient, float temperature, long rows, long vocabulary);

    [LibraryImport(Kernels)]
    internal static partial void rlt_draw(int type, void* logits, float* uniform, float temperature, long* token, float* result, long rows, long vocabulary);

    [LibraryImport(Kernels)]
    internal static partial void rlt_decode(int type, int weightType, void* x, LayerWeights* layers, LayerCache* caches, StepShape shape, StepPlaces* places);

    [LibraryImport(Kernels)]
    internal static partial void rlt_adamw(int type, void* weight, float* master, float* mean, float* square, float* gradient, AdamWStep step, long count);

    [LibraryImport(Kernels)]
    private static partial void rlt_use_threads(nint parallelFor, nint getNumThreads);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        string? file = name == Kernels ? NativeLibraries.Find(FileName) : name == Libtorch ? NativeLibraries.Find(Libtorch) : null;
        return file is null ? 0 : NativeLibrary.Load(file);
    }
}

/// <summary>A matrix as it lies in memory (product.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly unsafe struct Matrix(void* data, int type, long rowStride, long columnStride)
{
    private readonly void* _data = data;
    private readonly int _type = type;
    private readonly long _rowStride = rowStride;
    private readonly long _columnStride = columnStride;
}

/// <summary>Shapes of packed attention (kernels.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct AttentionShape(long Rows, long Heads, long KeyValueHeads, long Width, ScoreRule Rule);

/// <summary>What is done to scores (kernels.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly unsafe struct ScoreRule(long window, float* sinks, float scale)
{
    private readonly long _window = window;
    private readonly float* _sinks = sinks;
    private readonly float _scale = scale;
}

/// <summary>Heads of which some dimensions are turned (kernels.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct HeadShape(long Heads, long Width, long Turned);

/// <summary>Shapes of a cache's blocks (kernels.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct CacheShape(long KeyValueHeads, long Width, long Block)
{
    /// <summary>Those of keys [X, K, E, P].</summary>
    public static CacheShape Of(TorchSharp.torch.Tensor keys_XKEP) => new(keys_XKEP.size(1), keys_XKEP.size(2), keys_XKEP.size(3));
}

/// <summary>What one optimizer step is told (kernels.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct AdamWStep(
    float LearningRate, float Beta1, float Beta2, float Epsilon, float WeightDecay, float MeanCorrection, float SquareCorrection);
