using System.Numerics;

namespace Rlt.Grading.Numbers;

/// <summary>Roots of whole numbers, rounded down.</summary>
internal static class WholeRoot
{
    /// <summary>The largest whole number whose n-th power is not above a value of at least 0, by Newton's method from above.</summary>
    public static BigInteger Floor(BigInteger value, int n)
    {
        if (value < 2 || n == 1)
        {
            return value;
        }

        if (n >= value.GetBitLength())
        {
            return BigInteger.One;
        }

        BigInteger guess = BigInteger.One << (int)((value.GetBitLength() / n) + 1);
        while (true)
        {
            BigInteger next = (((n - 1) * guess) + (value / BigInteger.Pow(guess, n - 1))) / n;
            if (next >= guess)
            {
                return guess;
            }

            guess = next;
        }
    }
}
