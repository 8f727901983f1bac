using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace TorchSharp;

/// <summary>One operator of libtorch's dispatcher, found by name at its first call.</summary>
internal sealed class Op(string name, string overload = "")
{
    private const int MaxResults = 64;
    private nint _handle;

    /// <summary>Whether this libtorch has the operator.</summary>
    public bool Exists => Resolve() != 0;

    /// <summary>Calls an operator that returns one tensor.</summary>
    public torch.Tensor Call(params ReadOnlySpan<Arg> args)
    {
        Span<NativeValue> results = stackalloc NativeValue[1];
        Invoke(args, results);
        return new torch.Tensor((nint)results[0].Bits);
    }

    /// <summary>Calls an operator that returns two tensors.</summary>
    public (torch.Tensor First, torch.Tensor Second) CallPair(params ReadOnlySpan<Arg> args)
    {
        Span<NativeValue> results = stackalloc NativeValue[2];
        Invoke(args, results);
        return (new torch.Tensor((nint)results[0].Bits), new torch.Tensor((nint)results[1].Bits));
    }

    /// <summary>Calls an operator that returns a list of tensors.</summary>
    public torch.Tensor[] CallList(params ReadOnlySpan<Arg> args)
    {
        Span<NativeValue> results = stackalloc NativeValue[MaxResults];
        int count = Invoke(args, results);
        var tensors = new torch.Tensor[count];
        for (int i = 0; i < count; i++)
        {
            tensors[i] = new torch.Tensor((nint)results[i].Bits);
        }

        return tensors;
    }

    /// <summary>Calls an operator that returns nothing.</summary>
    public void CallNothing(params ReadOnlySpan<Arg> args) => Invoke(args, []);

    /// <summary>Calls an in-place operator: the result is its first argument, so no new handle is made.</summary>
    public torch.Tensor CallInPlace(torch.Tensor self, params ReadOnlySpan<Arg> others)
    {
        Span<Arg> args = new Arg[others.Length + 1];
        args[0] = self;
        others.CopyTo(args[1..]);
        Span<NativeValue> results = stackalloc NativeValue[1];
        if (Invoke(args, results) == 1)
        {
            Shim.rlt_tensor_free((nint)results[0].Bits);
        }

        return self;
    }

    private nint Resolve() => _handle != 0 ? _handle : _handle = Shim.rlt_find_op(name, overload);

    private unsafe int Invoke(ReadOnlySpan<Arg> args, Span<NativeValue> results)
    {
        nint op = Resolve();
        if (op == 0)
        {
            throw new NotSupportedException($"libtorch {LibTorch.Version} has no operator {name}.{overload}");
        }

        Span<NativeValue> values = stackalloc NativeValue[args.Length];
        Span<GCHandle> pins = stackalloc GCHandle[args.Length];
        int pinned = 0;
        int count;
        try
        {
            for (int i = 0; i < args.Length; i++)
            {
                values[i] = Marshal(args[i], pins, ref pinned);
            }

            fixed (NativeValue* native = values)
            fixed (NativeValue* output = results)
            {
                count = Shim.rlt_call(op, native, args.Length, output, results.Length);
            }
        }
        finally
        {
            for (int i = 0; i < pinned; i++)
            {
                pins[i].Free();
            }
        }

        KeepAlive(args);
        return count >= 0 ? count : throw Failure(args);
    }

    private static NativeValue Marshal(in Arg arg, Span<GCHandle> pins, ref int pinned)
    {
        var value = new NativeValue { Kind = arg.Kind, Bits = arg.Bits };
        switch (arg.Reference)
        {
            case torch.Tensor tensor:
                value.Bits = tensor.Handle;
                break;
            case long[] list:
                value.Count = list.Length;
                value.Bits = Pin(list, pins, ref pinned);
                break;
            case torch.Tensor?[] tensors:
                value.Count = tensors.Length;
                value.Bits = Pin(Array.ConvertAll(tensors, tensor => tensor?.Handle ?? 0), pins, ref pinned);
                break;
            case string text:
                byte[] utf8 = Encoding.UTF8.GetBytes(text);
                value.Count = utf8.Length;
                value.Bits = Pin(utf8, pins, ref pinned);
                break;
            default:
                break;
        }

        return value;
    }

    private static nint Pin(Array array, Span<GCHandle> pins, ref int pinned)
    {
        var pin = GCHandle.Alloc(array, GCHandleType.Pinned);
        pins[pinned++] = pin;
        return pin.AddrOfPinnedObject();
    }

    // A tensor whose last use is this call must not be finalized while libtorch reads it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void KeepAlive(ReadOnlySpan<Arg> args)
    {
        foreach (ref readonly Arg arg in args)
        {
            GC.KeepAlive(arg.Reference);
        }
    }

    private TorchException Failure(ReadOnlySpan<Arg> args)
    {
        string error = Shim.LastError();
        var shapes = new List<string>();
        foreach (ref readonly Arg arg in args)
        {
            if (arg.Reference is torch.Tensor tensor)
            {
                shapes.Add($"[{string.Join(", ", tensor.shape)}] {tensor.dtype}");
            }
        }

        return new TorchException($"{name} on {string.Join(" and ", shapes)}: {error}");
    }
}
