using Rlt.Text.Jinja.Values;

namespace Rlt.Text.Jinja.Runtime;

/// <summary>What one rendering has used of its limits, and its clock.</summary>
internal sealed class RenderState(JinjaLimits limits, TimeProvider clock)
{
    private long _steps;
    private int _depth;

    public TimeProvider Clock { get; } = clock;

    /// <summary>Counts work done.</summary>
    public void Charge(long steps = 1)
    {
        _steps += steps;
        if (_steps > limits.MaxSteps)
        {
            throw new RenderError($"the template takes more than {limits.MaxSteps} steps; it may loop without end");
        }
    }

    /// <summary>Counts the building of a text of this length; asked before it is built.</summary>
    public void ChargeText(long length)
    {
        CheckLength(length);
        Charge(1 + (length / 64));
    }

    /// <summary>Refuses a text that would be too long.</summary>
    public void CheckLength(long length)
    {
        if (length > limits.MaxCharacters)
        {
            throw new RenderError($"a text of {length} characters is too long; expected at most {limits.MaxCharacters}");
        }
    }

    /// <summary>A text that was just built.</summary>
    public string Built(string text)
    {
        ChargeText(text.Length);
        return text;
    }

    /// <summary>Runs the body of a macro or recursive loop one level deeper.</summary>
    public T Deeper<T>(Func<T> body)
    {
        if (_depth >= limits.MaxDepth)
        {
            throw new RenderError($"macro calls or recursive loops are more than {limits.MaxDepth} deep");
        }

        PyOrder.EnsureStack();
        _depth++;
        T result = body();
        _depth--;
        return result;
    }

    /// <summary>The items of anything that can be walked.</summary>
    public IEnumerable<object> Iterate(object value)
    {
        IEnumerable<object> items = ItemsOf(value)
            ?? throw new RenderError($"'{PyType.Name(value)}' object is not iterable");
        return Counted(items);
    }

    /// <summary>Whether a value can be walked.</summary>
    public static bool IsIterable(object value) => ItemsOf(value) is not null;

    private IEnumerable<object> Counted(IEnumerable<object> items)
    {
        foreach (object item in items)
        {
            Charge();
            yield return item;
        }
    }

    private static IEnumerable<object>? ItemsOf(object value) => value switch
    {
        PyList list => list.Items,
        PyTuple tuple => tuple.Items,
        PyDict dict => dict.Keys,
        PyDictView view => view.Items,
        string text => PyText.CodePoints(text),
        Markup markup => PyText.CodePoints(markup.Text),
        PyRange range => Enumerable.Range(0, range.Length).Select(i => range[i]),
        PyIterator iterator => iterator.Rest(),
        LoopState loop => loop.Rest(),
        Undefined => [],
        _ => null,
    };
}
