namespace TorchSharp;

public static partial class torch
{
    // Views, copies, conversions and indexing.
    public sealed partial class Tensor
    {
        private static readonly Op ViewOp = new("aten::view");
        private static readonly Op ReshapeOp = new("aten::reshape");
        private static readonly Op TransposeOp = new("aten::transpose", "int");
        private static readonly Op PermuteOp = new("aten::permute");
        private static readonly Op ExpandOp = new("aten::expand");
        private static readonly Op UnsqueezeOp = new("aten::unsqueeze");
        private static readonly Op SqueezeOp = new("aten::squeeze");
        private static readonly Op SqueezeDimOp = new("aten::squeeze", "dim");
        private static readonly Op NarrowOp = new("aten::narrow");
        private static readonly Op SelectOp = new("aten::select", "int");
        private static readonly Op SliceOp = new("aten::slice", "Tensor");
        private static readonly Op FlattenOp = new("aten::flatten", "using_ints");
        private static readonly Op SplitSizesOp = new("aten::split_with_sizes");
        private static readonly Op ContiguousOp = new("aten::contiguous");
        private static readonly Op CloneOp = new("aten::clone");
        private static readonly Op DetachOp = new("aten::detach");
        private static readonly Op CopyOp = new("aten::copy_");
        private static readonly Op ToDtypeOp = new("aten::to", "dtype");
        private static readonly Op ToDeviceOp = new("aten::to", "device");
        private static readonly Op IndexSelectOp = new("aten::index_select");
        private static readonly Op IndexOp = new("aten::index", "Tensor");
        private static readonly Op IndexPutOp = new("aten::index_put_");
        private static readonly Op IndexAddOp = new("aten::index_add_");
        private static readonly Op IndexCopyOp = new("aten::index_copy_");
        private static readonly Op GatherOp = new("aten::gather");
        private static readonly Op ScatterOp = new("aten::scatter_", "src");
        private static readonly Op ScatterAddOp = new("aten::scatter_add_");
        private static readonly Op TriuOp = new("aten::triu");
        private static readonly Op NonzeroOp = new("aten::nonzero");

        public Tensor view(params long[] shape) => ViewOp.Call(this, shape);

        public Tensor reshape(params long[] shape) => ReshapeOp.Call(this, shape);

        public Tensor transpose(long dim0, long dim1) => TransposeOp.Call(this, dim0, dim1);

        public Tensor t() => TransposeOp.Call(this, 0L, 1L);

        public Tensor permute(params long[] permutation) => PermuteOp.Call(this, permutation);

        public Tensor expand(params long[] sizes) => ExpandOp.Call(this, sizes);

        public Tensor unsqueeze(long dim) => UnsqueezeOp.Call(this, dim);

        public Tensor squeeze(long? dim = null) => dim is { } given ? SqueezeDimOp.Call(this, given) : SqueezeOp.Call(this);

        public Tensor narrow(long dim, long start, long length) => NarrowOp.Call(this, dim, start, length);

        public Tensor select(long dim, long index) => SelectOp.Call(this, dim, index);

        public Tensor slice(long dim, long start, long finish, long step) => SliceOp.Call(this, dim, start, finish, step);

        public Tensor flatten(long start_dim = 0, long end_dim = -1) => FlattenOp.Call(this, start_dim, end_dim);

        public Tensor[] split(long[] sizes, long dim = 0) => SplitSizesOp.CallList(this, sizes, dim);

        public Tensor contiguous() => ContiguousOp.Call(this);

        public Tensor clone() => CloneOp.Call(this);

        public Tensor detach() => DetachOp.Call(this);

        public Tensor copy_(Tensor source, bool nonBlocking = false) => CopyOp.CallInPlace(this, source, nonBlocking);

        public Tensor to_type(ScalarType type, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            AndDispose(ToDtypeOp.Call(this, type, non_blocking, copy), disposeAfter);

        public Tensor to(ScalarType type, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            to_type(type, copy, disposeAfter, non_blocking);

        public Tensor to(Device device, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            to(dtype, device, copy, disposeAfter, non_blocking);

        public Tensor to(ScalarType type, Device device, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            AndDispose(ToDeviceOp.Call(this, device, type, non_blocking, copy), disposeAfter);

        public Tensor cpu() => to(CPU);

        public Tensor index_select(long dim, Tensor index) => IndexSelectOp.Call(this, dim, index);

        public Tensor index(params Tensor[] indices) => IndexOp.Call(this, Arg.Indices(indices));

        public Tensor index_put_(Tensor value, params Tensor[] indices) => IndexPutOp.CallInPlace(this, Arg.Indices(indices), value);

        public Tensor index_add_(long dim, Tensor index, Tensor source, Scalar alpha) => IndexAddOp.CallInPlace(this, dim, index, source, alpha);

        public Tensor index_copy_(long dim, Tensor index, Tensor source) => IndexCopyOp.CallInPlace(this, dim, index, source);

        public Tensor gather(long dim, Tensor index) => GatherOp.Call(this, dim, index);

        public Tensor scatter_(long dim, Tensor index, Tensor src) => ScatterOp.CallInPlace(this, dim, index, src);

        public Tensor scatter_add_(long dim, Tensor index, Tensor src) => ScatterAddOp.CallInPlace(this, dim, index, src);

        public Tensor triu(long diagonal = 0) => TriuOp.Call(this, diagonal);

        public Tensor nonzero() => NonzeroOp.Call(this);

        private Tensor AndDispose(Tensor result, bool disposeThis)
        {
            if (disposeThis)
            {
                Dispose();
            }

            return result;
        }
    }
}
