using Rlt.Text.Jinja.Values;

namespace Rlt.Text.Jinja.Runtime;

/// <summary>The values a function, filter or test is called with.</summary>
internal sealed record CallArguments(IReadOnlyList<object> Positional, IReadOnlyList<KeyValuePair<string, object>> Named)
{
    public static CallArguments Empty { get; } = new([], []);

    /// <summary>The named argument, if it was given.</summary>
    public object? Find(string name)
    {
        foreach (var (key, value) in Named)
        {
            if (key == name)
            {
                return value;
            }
        }

        return null;
    }

    /// <summary>The arguments in the order of a function's parameters; null for one not given.</summary>
    public object?[] Bind(string function, int required, params ReadOnlySpan<string> names)
    {
        if (Positional.Count > names.Length)
        {
            throw new RenderError($"{function}() takes at most {names.Length} arguments ({Positional.Count} given)");
        }

        var values = new object?[names.Length];
        for (int i = 0; i < Positional.Count; i++)
        {
            values[i] = Positional[i];
        }

        foreach (var (name, value) in Named)
        {
            int at = names.IndexOf(name);
            if (at < 0 || values[at] is not null)
            {
                throw new RenderError(at < 0
                    ? $"{function}() got an unexpected keyword argument '{name}'"
                    : $"{function}() got multiple values for argument '{name}'");
            }

            values[at] = value;
        }

        int missing = Array.IndexOf(values, null, 0, required);
        return missing < 0 ? values : throw new RenderError($"{function}() missing required argument: '{names[missing]}'");
    }

    /// <summary>Without the first positional arguments.</summary>
    public CallArguments Skip(int count) => this with { Positional = [.. Positional.Skip(count)] };
}
