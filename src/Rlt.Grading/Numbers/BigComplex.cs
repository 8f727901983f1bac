namespace Rlt.Grading.Numbers;

/// <summary>A complex number of high precision; functions take principal values.</summary>
internal readonly record struct BigComplex(BigFloat Re, BigFloat Im)
{
    // Rounding leaves a residue where an exact result is real.
    private const long Residue = 150;

    public static BigComplex I => new(BigFloat.Zero, BigFloat.One);

    public bool IsReal => Im.IsZero || Im.Magnitude < Math.Max(Re.Magnitude, 0) - Residue;

    public bool IsZero => Re.IsZero && Im.IsZero;

    public static implicit operator BigComplex(BigFloat value) => new(value, BigFloat.Zero);

    public static BigComplex operator +(BigComplex a, BigComplex b) => new(a.Re + b.Re, a.Im + b.Im);

    public static BigComplex operator -(BigComplex a, BigComplex b) => new(a.Re - b.Re, a.Im - b.Im);

    public static BigComplex operator -(BigComplex a) => new(-a.Re, -a.Im);

    public static BigComplex operator *(BigComplex a, BigComplex b) => a.Im.IsZero && b.Im.IsZero
        ? new BigComplex(a.Re * b.Re, BigFloat.Zero)
        : new BigComplex((a.Re * b.Re) - (a.Im * b.Im), (a.Re * b.Im) + (a.Im * b.Re));

    public static BigComplex operator /(BigComplex a, BigComplex b)
    {
        if (b.Im.IsZero)
        {
            return new(a.Re / b.Re, a.Im / b.Re);
        }

        BigFloat norm = (b.Re * b.Re) + (b.Im * b.Im);
        BigComplex top = a * new BigComplex(b.Re, -b.Im);
        return new(top.Re / norm, top.Im / norm);
    }

    public BigFloat Abs() => Im.IsZero ? Re.Abs() : ((Re * Re) + (Im * Im)).Sqrt();

    /// <summary>The exponential.</summary>
    public BigComplex Exp()
    {
        BigFloat size = BigFunctions.Exp(Re);
        if (Im.IsZero)
        {
            return size;
        }

        (BigFloat sin, BigFloat cos) = BigFunctions.SinCos(Im);
        return new(size * cos, size * sin);
    }

    /// <summary>The principal logarithm.</summary>
    public BigComplex Ln() => IsZero ? throw new UngradableException("the logarithm of 0") : new(BigFunctions.Ln(Abs()), Argument());

    /// <summary>The principal power.</summary>
    public BigComplex Pow(BigComplex exponent)
    {
        if (!IsZero)
        {
            return (exponent * Ln()).Exp();
        }

        return exponent.IsReal && exponent.Re.Sign > 0 ? BigFloat.Zero : throw new UngradableException("a power of 0");
    }

    /// <summary>Sine and cosine.</summary>
    public (BigComplex Sin, BigComplex Cos) SinCos()
    {
        if (Im.IsZero)
        {
            (BigFloat sin, BigFloat cos) = BigFunctions.SinCos(Re);
            return (sin, cos);
        }

        BigComplex forward = (this * I).Exp(), backward = (-this * I).Exp(), two = (BigFloat)2;
        return ((forward - backward) / (two * I), (forward + backward) / two);
    }

    /// <summary>The angle, above −π and up to π.</summary>
    public BigFloat Argument()
    {
        if (IsReal)
        {
            return Re.Sign < 0 ? BigFunctions.Pi : BigFloat.Zero;
        }

        if (Re.IsZero)
        {
            BigFloat quarter = BigFunctions.Pi.Scale(-1);
            return Im.Sign < 0 ? -quarter : quarter;
        }

        BigFloat angle = BigFunctions.Atan(Im / Re);
        return Re.Sign > 0 ? angle : Im.Sign >= 0 ? angle + BigFunctions.Pi : angle - BigFunctions.Pi;
    }
}
