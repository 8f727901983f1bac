using System.Numerics;
using System.Runtime.CompilerServices;

namespace Rlt.Text.Jinja.Values;

/// <summary>Python's == and hash: numbers of every kind compare by value, containers by their items.</summary>
internal sealed class PyEquality : IEqualityComparer<object>
{
    public static PyEquality Instance { get; } = new();

    public static bool AreEqual(object left, object right)
    {
        if (PyNumber.IsNumber(left) && PyNumber.IsNumber(right))
        {
            return PyNumber.Compare(left, right) == 0;
        }

        if (PyText.TryGet(left, out string? leftText))
        {
            return PyText.TryGet(right, out string? rightText) && leftText == rightText;
        }

        PyOrder.EnsureStack();
        return (left, right) switch
        {
            (PyList a, PyList b) => SequencesEqual(a.Items, b.Items),
            (PyTuple a, PyTuple b) => SequencesEqual(a.Items, b.Items),
            (PyDict a, PyDict b) => a.Count == b.Count
                && a.Items.All(item => b.TryGet(item.Key, out object? value) && AreEqual(item.Value, value)),
            (PyRange a, PyRange b) => a.Length == b.Length && (a.Length == 0 || (a.Start == b.Start && (a.Length == 1 || a.Step == b.Step))),
            (PyDictView a, PyDictView b) when a.Kind == b.Kind && a.Kind != "dict_values" =>
                a.Dict.Count == b.Dict.Count && a.Items.All(item => b.Items.Any(other => AreEqual(item, other))),
            (Undefined, Undefined) => true,
            _ => ReferenceEquals(left, right),
        };
    }

    bool IEqualityComparer<object>.Equals(object? x, object? y) => x is not null && y is not null && AreEqual(x, y);

    public int GetHashCode(object value) => value switch
    {
        string text => text.GetHashCode(StringComparison.Ordinal),
        Markup markup => markup.Text.GetHashCode(StringComparison.Ordinal),
        bool or BigInteger or double => PyNumber.ToDouble(value).GetHashCode(),
        PyTuple tuple => tuple.Items.Aggregate(17, (hash, item) => HashCode.Combine(hash, GetHashCode(item))),
        PyRange range => range.Length,
        Undefined => 1,
        PyList or PyDict or PyDictView => throw new RenderError($"unhashable type: '{PyType.Name(value)}'"),
        _ => RuntimeHelpers.GetHashCode(value),
    };

    private static bool SequencesEqual(IReadOnlyList<object> left, IReadOnlyList<object> right)
    {
        if (left.Count != right.Count)
        {
            return false;
        }

        for (int i = 0; i < left.Count; i++)
        {
            if (!AreEqual(left[i], right[i]))
            {
                return false;
            }
        }

        return true;
    }
}
