using System.Runtime.CompilerServices;

namespace Rlt.Text.Jinja.Values;

/// <summary>Python's &lt;, truth and sorting.</summary>
internal static class PyOrder
{
    /// <summary>Stops recursion through nested values before the stack ends.</summary>
    public static void EnsureStack()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new RenderError("values are nested too deep");
        }
    }

    public static bool IsTrue(object value) => value switch
    {
        bool flag => flag,
        PyNone or Undefined => false,
        string text => text.Length > 0,
        Markup markup => markup.Text.Length > 0,
        PyList list => list.Items.Count > 0,
        PyTuple tuple => tuple.Items.Count > 0,
        PyDict dict => dict.Count > 0,
        PyDictView view => view.Dict.Count > 0,
        PyRange range => range.Length > 0,
        _ => !PyNumber.IsNumber(value) || !PyNumber.IsZero(value),
    };

    /// <summary>Negative, zero or positive; an error for values without an order, named by the operator asked for.</summary>
    public static int Compare(object left, object right, string op = "<")
    {
        if (PyNumber.IsNumber(left) && PyNumber.IsNumber(right))
        {
            return PyNumber.Compare(left, right);
        }

        if (PyText.TryGet(left, out string? leftText) && PyText.TryGet(right, out string? rightText))
        {
            return PyText.Compare(leftText, rightText);
        }

        EnsureStack();
        return (left, right) switch
        {
            (PyList a, PyList b) => CompareItems(a.Items, b.Items, op),
            (PyTuple a, PyTuple b) => CompareItems(a.Items, b.Items, op),
            (Undefined undefined, _) => throw undefined.Error(),
            (_, Undefined undefined) => throw undefined.Error(),
            _ => throw new RenderError(
                $"'{op}' not supported between instances of '{PyType.Name(left)}' and '{PyType.Name(right)}'"),
        };
    }

    /// <summary>A stable sort by key; reversed, equal items keep their order, as Python's sorted does.</summary>
    public static List<object> Sort(IEnumerable<object> items, Func<object, object> key, bool reverse)
    {
        var entries = items.Select(item => (Item: item, Key: key(item))).ToArray();
        MergeSort(entries, new (object, object)[entries.Length], 0, entries.Length, reverse ? -1 : 1);
        return [.. entries.Select(entry => entry.Item)];
    }

    private static int CompareItems(IReadOnlyList<object> left, IReadOnlyList<object> right, string op)
    {
        for (int i = 0; i < Math.Min(left.Count, right.Count); i++)
        {
            if (!PyEquality.AreEqual(left[i], right[i]))
            {
                return Compare(left[i], right[i], op);
            }
        }

        return left.Count.CompareTo(right.Count);
    }

    // The library's sorts wrap a comparison's exceptions or are not stable; this one is both plain and stable.
    private static void MergeSort((object Item, object Key)[] entries, (object Item, object Key)[] buffer, int start, int end, int sign)
    {
        if (end - start < 2)
        {
            return;
        }

        int middle = (start + end) / 2;
        MergeSort(entries, buffer, start, middle, sign);
        MergeSort(entries, buffer, middle, end, sign);
        int left = start;
        int right = middle;
        for (int i = start; i < end; i++)
        {
            bool takesRight = left == middle
                || (right < end && sign * Compare(entries[right].Key, entries[left].Key) < 0);
            buffer[i] = entries[takesRight ? right++ : left++];
        }

        Array.Copy(buffer, start, entries, start, end - start);
    }
}
