namespace Rlt.Training;

/// <summary>Whether the backward pass computes layers again instead of keeping their graphs: less memory, about a third more time, the same numbers.</summary>
public enum Recompute
{
    /// <summary>As the memory plan says: graphs are kept where they fit.</summary>
    Auto,

    /// <summary>Always.</summary>
    True,

    /// <summary>Never.</summary>
    False,
}
