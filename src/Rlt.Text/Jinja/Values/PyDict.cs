using System.Diagnostics.CodeAnalysis;

namespace Rlt.Text.Jinja.Values;

/// <summary>A dict that keeps the order in which keys were first set.</summary>
internal sealed class PyDict
{
    private readonly Dictionary<object, int> _index = new(PyEquality.Instance);
    private readonly List<KeyValuePair<object, object>> _items = [];

    public int Count => _items.Count;

    public IReadOnlyList<KeyValuePair<object, object>> Items => _items;

    public IEnumerable<object> Keys => _items.Select(item => item.Key);

    public IEnumerable<object> Values => _items.Select(item => item.Value);

    public bool TryGet(object key, [NotNullWhen(true)] out object? value)
    {
        if (_items.Count == 0)
        {
            // An empty table looks nothing up; a key that cannot be hashed is an error all the same.
            PyEquality.Instance.GetHashCode(key);
        }

        bool found = _index.TryGetValue(key, out int at);
        value = found ? _items[at].Value : null;
        return found;
    }

    /// <summary>Sets a key's value; a key already there keeps its place.</summary>
    public void Set(object key, object value)
    {
        if (_index.TryGetValue(key, out int at))
        {
            _items[at] = new(_items[at].Key, value);
        }
        else
        {
            _index.Add(key, _items.Count);
            _items.Add(new(key, value));
        }
    }

    public PyDict Copy()
    {
        var copy = new PyDict();
        foreach (var (key, value) in _items)
        {
            copy.Set(key, value);
        }

        return copy;
    }
}

/// <summary>What keys(), values() and items() return.</summary>
internal sealed record PyDictView(PyDict Dict, string Kind)
{
    public IEnumerable<object> Items => Kind switch
    {
        "dict_keys" => Dict.Keys,
        "dict_values" => Dict.Values,
        _ => Dict.Items.Select(item => (object)new PyTuple([item.Key, item.Value])),
    };
}
