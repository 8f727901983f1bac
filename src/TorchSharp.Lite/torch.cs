using System.Runtime.InteropServices;

namespace TorchSharp;

/// <summary>PyTorch's top-level functions, named as TorchSharp names them.</summary>
public static partial class torch
{
    private static readonly Op EmptyOp = new("aten::empty", "memory_format");
    private static readonly Op ZerosOp = new("aten::zeros");
    private static readonly Op OnesOp = new("aten::ones");
    private static readonly Op FullOp = new("aten::full");
    private static readonly Op ArangeOp = new("aten::arange", "start_step");
    private static readonly Op EyeOp = new("aten::eye", "m");
    private static readonly Op RandOp = new("aten::rand");
    private static readonly Op RandnOp = new("aten::randn");
    private static readonly Op EmptyLikeOp = new("aten::empty_like");
    private static readonly Op ZerosLikeOp = new("aten::zeros_like");
    private static readonly Op CatOp = new("aten::cat");
    private static readonly Op StackOp = new("aten::stack");
    private static readonly Op WhereOp = new("aten::where", "self");
    private static readonly Op OuterOp = new("aten::outer");
    private static readonly Op SearchsortedOp = new("aten::searchsorted", "Tensor");
    private static readonly Op BmmOp = new("aten::bmm");

    public static Tensor empty(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Make(EmptyOp, size, dtype, device, requires_grad);

    public static Tensor zeros(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Make(ZerosOp, size, dtype, device, requires_grad);

    public static Tensor ones(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Make(OnesOp, size, dtype, device, requires_grad);

    public static Tensor rand(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Make(RandOp, size, dtype, device, requires_grad);

    public static Tensor randn(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Make(RandnOp, size, dtype, device, requires_grad);

    public static Tensor full(long[] size, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        FullOp.Call(size, value, Arg.Optional(dtype ?? ScalarType.Float32), Arg.None, device ?? CPU).requires_grad_(requires_grad);

    public static Tensor eye(long rows, long columns = -1, ScalarType? dtype = null, Device? device = null) =>
        EyeOp.Call(rows, columns < 0 ? rows : columns, Arg.Optional(dtype ?? ScalarType.Float32), Arg.None, device ?? CPU);

    public static Tensor arange(Scalar start, Scalar stop, Scalar step, ScalarType? dtype = null, Device? device = null) =>
        ArangeOp.Call(start, stop, step, Arg.Optional(dtype), Arg.None, device ?? CPU);

    public static Tensor arange(Scalar start, Scalar stop, ScalarType? dtype = null, Device? device = null) => arange(start, stop, 1, dtype, device);

    public static Tensor arange(Scalar stop, ScalarType? dtype = null, Device? device = null) => arange(0, stop, 1, dtype, device);

    public static Tensor empty_like(Tensor input) => EmptyLikeOp.Call(input);

    public static Tensor zeros_like(Tensor input, ScalarType? dtype = null) => ZerosLikeOp.Call(input, Arg.Optional(dtype));

    public static Tensor tensor(long[] rawArray, ScalarType? dtype = null, Device? device = null) =>
        Copy(rawArray, [rawArray.Length], ScalarType.Int64, dtype, device);

    public static Tensor tensor(int[] rawArray, ScalarType? dtype = null, Device? device = null) =>
        Copy(rawArray, [rawArray.Length], ScalarType.Int32, dtype, device);

    public static Tensor tensor(float[] rawArray, ScalarType? dtype = null, Device? device = null) =>
        Copy(rawArray, [rawArray.Length], ScalarType.Float32, dtype, device);

    public static Tensor tensor(double[] rawArray, ScalarType? dtype = null, Device? device = null) =>
        Copy(rawArray, [rawArray.Length], ScalarType.Float64, dtype, device);

    public static Tensor tensor(bool[] rawArray, ScalarType? dtype = null, Device? device = null) =>
        Copy(rawArray, [rawArray.Length], ScalarType.Bool, dtype, device);

    public static Tensor tensor(long[] dataArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null) =>
        Copy(dataArray, dimensions.ToArray(), ScalarType.Int64, dtype, device);

    public static Tensor tensor(float[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null) =>
        Copy(rawArray, dimensions.ToArray(), ScalarType.Float32, dtype, device);

    public static Tensor tensor(double[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null) =>
        Copy(rawArray, dimensions.ToArray(), ScalarType.Float64, dtype, device);

    public static Tensor cat(IList<Tensor> tensors, long dim = 0) => CatOp.Call(tensors.ToArray(), dim);

    public static Tensor stack(IEnumerable<Tensor> tensors, long dim = 0) => StackOp.Call(tensors.ToArray(), dim);

    public static Tensor where(Tensor condition, Tensor x, Tensor y) => WhereOp.Call(condition, x, y);

    public static Tensor outer(Tensor input, Tensor vec2) => OuterOp.Call(input, vec2);

    public static Tensor matmul(Tensor input, Tensor target) => input.matmul(target);

    public static Tensor bmm(Tensor input, Tensor batch2) => BmmOp.Call(input, batch2);

    public static Tensor searchsorted(Tensor sorted_sequence, Tensor values, bool out_int32 = false, bool right = false) =>
        SearchsortedOp.Call(sorted_sequence, values, out_int32, right);

    /// <summary>Turns gradient recording off on this thread until the result is disposed.</summary>
    public static IDisposable no_grad() => new GradMode(false);

    /// <summary>Turns gradient recording on on this thread until the result is disposed.</summary>
    public static IDisposable enable_grad(bool enabled = true) => new GradMode(enabled);

    public static bool is_grad_enabled() => Shim.rlt_grad_enabled() != 0;

    public static void set_num_threads(int num) => Shim.rlt_set_threads(num);

    public static int get_num_threads() => Shim.rlt_threads();

    public static void manual_seed(long seed) => Shim.Check(Shim.rlt_manual_seed(seed) == 0, "manual_seed");

    private static Tensor Make(Op op, long[] size, ScalarType? dtype, Device? device, bool requiresGrad) =>
        op.Call(size, Arg.Optional(dtype ?? ScalarType.Float32), Arg.None, device ?? CPU).requires_grad_(requiresGrad);

    private static unsafe Tensor Copy<T>(T[] source, long[] dimensions, ScalarType type, ScalarType? wanted, Device? device)
        where T : unmanaged
    {
        Tensor host = empty(dimensions, type);
        if (host.NumberOfElements != source.Length)
        {
            host.Dispose();
            throw new ArgumentException($"{source.Length} values do not fill the shape [{string.Join(", ", dimensions)}]");
        }

        MemoryMarshal.AsBytes<T>(source).CopyTo(host.bytes);
        bool same = (wanted ?? type) == type && (device ?? CPU).type == DeviceType.CPU;
        return same ? host : host.to(wanted ?? type, device ?? CPU, disposeAfter: true);
    }

    private sealed class GradMode : IDisposable
    {
        private readonly int _before = Shim.rlt_grad_enabled();

        public GradMode(bool enabled) => Shim.rlt_set_grad_enabled(enabled ? 1 : 0);

        public void Dispose() => Shim.rlt_set_grad_enabled(_before);
    }

    /// <summary>CUDA devices.</summary>
    public static class cuda
    {
        public static bool is_available() => Shim.rlt_cuda_device_count() > 0;

        public static int device_count() => Shim.rlt_cuda_device_count();

        public static void synchronize(Device? device = null) =>
            Shim.Check(Shim.rlt_cuda_synchronize(Math.Max(0, device?.index ?? 0)) == 0, "synchronize");
    }

    /// <summary>Automatic differentiation.</summary>
    public static class autograd
    {
        public static unsafe void backward(
            IList<Tensor> tensors, IList<Tensor>? grad_tensors = null, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null)
        {
            nint[] outputs = Handles(tensors);
            nint[] gradients = Handles(grad_tensors);
            nint[] leaves = Handles(inputs);
            fixed (nint* o = outputs, g = gradients, l = leaves)
            {
                bool retain = retain_graph ?? create_graph;
                int rc = Shim.rlt_backward(o, g, outputs.Length, gradients.Length, l, leaves.Length, retain ? 1 : 0, create_graph ? 1 : 0);
                GC.KeepAlive(tensors);
                GC.KeepAlive(grad_tensors);
                GC.KeepAlive(inputs);
                Shim.Check(rc == 0, "backward");
            }
        }

        private static nint[] Handles(IList<Tensor>? tensors) => tensors?.Select(tensor => tensor.Handle).ToArray() ?? [];
    }
}
