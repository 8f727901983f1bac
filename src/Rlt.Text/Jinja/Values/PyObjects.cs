using System.Numerics;

namespace Rlt.Text.Jinja.Values;

// A template's values are Python's: PyNone, bool, BigInteger (int), double (float), string (str), Markup, PyList, PyTuple,
// PyDict, PyDictView, PyRange, PyIterator (generators), Undefined, Namespace and the callables of the Runtime folder.
// Templates cannot change lists and dicts, as in transformers' sandbox; only a namespace's attributes change.

/// <summary>Python's None.</summary>
internal sealed class PyNone
{
    private PyNone()
    {
    }

    public static PyNone Value { get; } = new();
}

/// <summary>A string marked as safe HTML: joining it with another string escapes that one.</summary>
internal sealed record Markup(string Text);

internal sealed class PyList(IReadOnlyList<object> items)
{
    public IReadOnlyList<object> Items { get; } = items;
}

internal sealed class PyTuple(IReadOnlyList<object> items)
{
    public IReadOnlyList<object> Items { get; } = items;
}

/// <summary>range(start, stop, step).</summary>
internal sealed record PyRange(BigInteger Start, BigInteger Stop, BigInteger Step)
{
    // The longest range transformers' sandbox allows.
    public const int MaxLength = 100_000;

    public int Length { get; } = Count(Start, Stop, Step);

    public object this[int index] => Start + (Step * index);

    private static int Count(BigInteger start, BigInteger stop, BigInteger step)
    {
        if (step.IsZero)
        {
            throw new RenderError("range() arg 3 must not be zero");
        }

        BigInteger distance = step.Sign > 0 ? stop - start : start - stop;
        BigInteger count = distance.Sign <= 0 ? 0 : (distance + BigInteger.Abs(step) - 1) / BigInteger.Abs(step);
        return count <= MaxLength
            ? (int)count
            : throw new RenderError($"range is {count} long; expected at most {MaxLength}");
    }
}

/// <summary>A generator or iterator: can be walked once and is always true.</summary>
internal sealed class PyIterator(IEnumerable<object> items, string typeName = "generator")
{
    private readonly IEnumerator<object> _items = items.GetEnumerator();

    public string TypeName { get; } = typeName;

    /// <summary>The items not taken yet.</summary>
    public IEnumerable<object> Rest()
    {
        while (_items.MoveNext())
        {
            yield return _items.Current;
        }
    }
}

/// <summary>What a missing variable, attribute or item is: prints nothing, is false and empty; any other use is an error.</summary>
internal sealed class Undefined(string problem)
{
    public string Problem { get; } = problem;

    public static Undefined Variable(string name) => new($"'{name}' is undefined");

    public RenderError Error() => new(Problem);
}

/// <summary>namespace(): attributes that assignments inside loops can change.</summary>
internal sealed class Namespace(PyDict attributes)
{
    public PyDict Attributes { get; } = attributes;
}
