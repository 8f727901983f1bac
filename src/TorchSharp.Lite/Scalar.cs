namespace TorchSharp;

/// <summary>A number passed to an operator, integer, real or boolean.</summary>
public readonly struct Scalar
{
    private readonly int _kind;

    private Scalar(long integer, double real, int kind)
    {
        Integer = integer;
        Real = real;
        _kind = kind;
    }

    internal bool IsInteger => _kind == 0;

    internal bool IsBool => _kind == 2;

    internal long Integer { get; }

    internal double Real { get; }

    public static implicit operator Scalar(int value) => new(value, value, 0);

    public static implicit operator Scalar(long value) => new(value, value, 0);

    public static implicit operator Scalar(float value) => new(0, value, 1);

    public static implicit operator Scalar(double value) => new(0, value, 1);

    public static implicit operator Scalar(bool value) => new(value ? 1 : 0, 0, 2);
}
