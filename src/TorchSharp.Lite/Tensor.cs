using System.Runtime.InteropServices;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>A tensor of libtorch: a handle that this object owns.</summary>
    public sealed partial class Tensor : IDisposable
    {
        private const int MaxDims = 16;
        private nint _handle;
        private long[]? _shape;

        internal Tensor(nint handle)
        {
            _handle = handle;
            DisposeScope.Current?.Add(this);
            DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount++;
        }

        // A net for handles that no scope owned and nobody disposed.
        ~Tensor()
        {
            if (_handle != 0)
            {
                Shim.rlt_tensor_free(_handle);
            }
        }

        /// <summary>The native handle.</summary>
        /// <exception cref="ObjectDisposedException">The tensor was disposed.</exception>
        public nint Handle => _handle != 0 ? _handle : throw new ObjectDisposedException(nameof(Tensor));

        public bool IsInvalid => _handle == 0;

        /// <summary>The lengths of the dimensions; the array is shared, not to be written to.</summary>
        public unsafe long[] shape
        {
            get
            {
                if (_shape is null)
                {
                    long* sizes = stackalloc long[MaxDims];
                    int dims = Shim.rlt_tensor_shape(Handle, sizes, MaxDims);
                    Shim.Check(dims >= 0, "shape");
                    _shape = new ReadOnlySpan<long>(sizes, dims).ToArray();
                }

                return _shape;
            }
        }

        public long Dimensions => shape.Length;

        public long NumberOfElements => Shim.rlt_tensor_numel(Handle);

        public long ElementSize => dtype.ElementSize();

        public ScalarType dtype => (ScalarType)Shim.rlt_tensor_dtype(Handle);

        public Device device => Device.Unpack(Shim.rlt_tensor_device(Handle));

        public DeviceType device_type => device.type;

        public bool requires_grad
        {
            get => Shim.rlt_tensor_requires_grad(Handle) != 0;
            set => Shim.Check(Shim.rlt_tensor_set_requires_grad(Handle, value ? 1 : 0) == 0, "requires_grad");
        }

        /// <summary>The accumulated gradient, a new handle at each reading; null where there is none.</summary>
        public Tensor? grad
        {
            get => Shim.rlt_tensor_grad(Handle) is var gradient && gradient != 0 ? new Tensor(gradient) : null;
            set => Shim.Check(Shim.rlt_tensor_set_grad(Handle, value?.Handle ?? 0) == 0, "grad");
        }

        /// <summary>The memory of a contiguous CPU tensor.</summary>
        public unsafe Span<byte> bytes => new((void*)HostData(), checked((int)(NumberOfElements * ElementSize)));

        internal DisposeScope? OwningDisposeScope { get; set; }

        internal int ScopeSlot { get; set; }

        public long size(int dim) => shape[dim < 0 ? dim + shape.Length : dim];

        public long dim() => shape.Length;

        public long numel() => NumberOfElements;

        public long stride(int dim) => Shim.rlt_tensor_stride(Handle, dim);

        public bool is_contiguous() => Shim.rlt_tensor_is_contiguous(Handle) != 0;

        public Tensor requires_grad_(bool requires_grad = true)
        {
            this.requires_grad = requires_grad;
            return this;
        }

        /// <summary>Another handle to the same tensor.</summary>
        public Tensor alias() => new(Shim.rlt_tensor_alias(Handle));

        /// <summary>The elements of a CPU tensor.</summary>
        public Utils.TensorAccessor<T> data<T>()
            where T : unmanaged => new(this);

        /// <summary>The single element of a CPU tensor.</summary>
        public T item<T>()
            where T : unmanaged
        {
            if (NumberOfElements != 1)
            {
                throw new ArgumentException($"item() needs a tensor of one element, not of shape [{string.Join(", ", shape)}]");
            }

            return MemoryMarshal.Cast<byte, T>(bytes)[0];
        }

        /// <summary>Computes the gradients of the leaves this tensor was computed from.</summary>
        public void backward(IList<Tensor>? grad_tensors = null, bool retain_graph = false, bool create_graph = false, IList<Tensor>? inputs = null) =>
            autograd.backward([this], grad_tensors, retain_graph, create_graph, inputs);

        /// <summary>Takes the tensor out of its scope, so that it lives until it is disposed.</summary>
        public Tensor DetachFromDisposeScope()
        {
            OwningDisposeScope?.Remove(this);
            return this;
        }

        /// <summary>Hands the tensor from its scope to the one around it.</summary>
        public Tensor MoveToOuterDisposeScope()
        {
            OwningDisposeScope?.MoveToOuter(this);
            return this;
        }

        public void Dispose()
        {
            if (_handle == 0)
            {
                return;
            }

            OwningDisposeScope?.Remove(this);
            Shim.rlt_tensor_free(_handle);
            _handle = 0;
            DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount--;
            GC.SuppressFinalize(this);
        }

        public override string ToString() => _handle == 0 ? "disposed tensor" : $"[{string.Join(", ", shape)}], type = {dtype}, device = {device}";

        internal nint HostData()
        {
            if (device_type != DeviceType.CPU || !is_contiguous())
            {
                throw new InvalidOperationException($"the tensor's memory can be read only where it is contiguous and on the CPU: {this}");
            }

            return Shim.rlt_tensor_data(Handle);
        }
    }
}
