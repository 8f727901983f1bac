using System.Numerics;
using Rlt.Text.Jinja.Values;

namespace Rlt.Text.Jinja.Runtime;

/// <summary>The "loop" variable.</summary>
internal sealed class LoopState(IReadOnlyList<object> items, int depth, Func<object, object>? recurse) : ICallable
{
    private CallArguments? _lastChanged;

    public int Index0 { get; private set; } = -1;

    public int Length => items.Count;

    private int Depth { get; } = depth;

    /// <summary>Goes on to the next item.</summary>
    public bool MoveNext(out object item)
    {
        bool hasNext = ++Index0 < items.Count;
        item = hasNext ? items[Index0] : PyNone.Value;
        return hasNext;
    }

    /// <summary>The items behind the current one; a template that walks its own loop takes them from it.</summary>
    public IEnumerable<object> Rest()
    {
        while (MoveNext(out object item))
        {
            yield return item;
        }

        Index0 = items.Count - 1;
    }

    /// <summary>An attribute, or null if loops have none of this name.</summary>
    public object? Attribute(string name) => name switch
    {
        "index" => (BigInteger)(Index0 + 1),
        "index0" => (BigInteger)Index0,
        "revindex" => (BigInteger)(Length - Index0),
        "revindex0" => (BigInteger)(Length - Index0 - 1),
        "first" => Index0 == 0,
        "last" => Index0 == Length - 1,
        "length" => (BigInteger)Length,
        "depth" => (BigInteger)(Depth + 1),
        "depth0" => (BigInteger)Depth,
        "previtem" => Index0 > 0 ? items[Index0 - 1] : new Undefined("there is no previous item"),
        "nextitem" => Index0 + 1 < Length ? items[Index0 + 1] : new Undefined("there is no next item"),
        "cycle" => new BuiltinFunction((_, arguments) => arguments.Positional.Count > 0
            ? arguments.Positional[Index0 % arguments.Positional.Count]
            : throw new RenderError("no items for cycling given")),
        "changed" => new BuiltinFunction((_, arguments) => HasChanged(arguments)),
        _ => null,
    };

    public object Call(RenderState state, CallArguments arguments) => recurse is null
        ? throw new RenderError("The loop must have the 'recursive' marker to be called recursively.")
        : recurse(arguments.Bind("loop", 1, "iterable")[0]!);

    private bool HasChanged(CallArguments arguments)
    {
        bool isSame = _lastChanged is not null
            && PyEquality.AreEqual(new PyTuple(_lastChanged.Positional), new PyTuple(arguments.Positional));
        _lastChanged = arguments;
        return !isSame;
    }
}
