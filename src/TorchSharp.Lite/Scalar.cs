namespace TorchSharp;

/// <summary>A number passed to an operator, integer, real or boolean.</summary>
public sealed class Scalar
{
    private Scalar(Arg value) => Value = value;

    internal Arg Value { get; }

    public static implicit operator Scalar(int value) => new(value);

    public static implicit operator Scalar(long value) => new(value);

    public static implicit operator Scalar(float value) => new((double)value);

    public static implicit operator Scalar(double value) => new(value);

    public static implicit operator Scalar(bool value) => new(value);
}
