namespace TorchSharp;

/// <summary>One operator argument, made implicitly from the C# value.</summary>
internal readonly struct Arg
{
    private Arg(ArgKind kind, long bits, object? reference = null)
    {
        Kind = kind;
        Bits = bits;
        Reference = reference;
    }

    /// <summary>Leaves the argument at the operator's default.</summary>
    public static Arg Default => default;

    /// <summary>Python's None.</summary>
    public static Arg None => new(ArgKind.None, 0);

    public ArgKind Kind { get; }

    public long Bits { get; }

    public object? Reference { get; }

    public static implicit operator Arg(torch.Tensor? value) => value is null ? None : new(ArgKind.Tensor, 0, value);

    public static implicit operator Arg(long value) => new(ArgKind.Int, value);

    public static implicit operator Arg(int value) => new(ArgKind.Int, value);

    public static implicit operator Arg(double value) => new(ArgKind.Double, BitConverter.DoubleToInt64Bits(value));

    public static implicit operator Arg(bool value) => new(ArgKind.Bool, value ? 1 : 0);

    public static implicit operator Arg(long[] value) => new(ArgKind.IntList, 0, value);

    public static implicit operator Arg(torch.Tensor[] value) => new(ArgKind.TensorList, 0, value);

    public static implicit operator Arg(Scalar? value) => value is null ? None : value.Value;

    public static implicit operator Arg(torch.ScalarType value) => new(ArgKind.Int, (long)value);

    public static implicit operator Arg(torch.Device value) => new(ArgKind.Device, value.Packed);

    public static implicit operator Arg(string value) => new(ArgKind.String, 0, value);

    public static Arg Optional(torch.ScalarType? value) => value is { } given ? given : None;

    public static Arg Indices(torch.Tensor?[] value) => new(ArgKind.OptionalTensorList, 0, value);
}
