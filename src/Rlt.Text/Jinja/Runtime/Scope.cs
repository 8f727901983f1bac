using System.Diagnostics.CodeAnalysis;

namespace Rlt.Text.Jinja.Runtime;

/// <summary>Variables of one block; names not set here are looked up outwards.</summary>
internal sealed class Scope(Scope? outer)
{
    private Dictionary<string, object>? _variables;

    public void Set(string name, object value) => (_variables ??= new(StringComparer.Ordinal))[name] = value;

    public bool TryGet(string name, [NotNullWhen(true)] out object? value)
    {
        for (Scope? scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope._variables is not null && scope._variables.TryGetValue(name, out value))
            {
                return true;
            }
        }

        value = null;
        return false;
    }

    private Scope? Outer { get; } = outer;
}
