namespace Rlt.Configuration;

/// <summary>What a setting that is a path names.</summary>
public enum PathKind
{
    /// <summary>A file or folder to read.</summary>
    Input,

    /// <summary>A model's directory; the name of a shape, or of a model on the Hub, is left as it is.</summary>
    Model,

    /// <summary>A data file or a data set's folder; the id of one on the Hub is left as it is.</summary>
    Data,

    /// <summary>A file, or the name of a shipped one.</summary>
    FileOrName,

    /// <summary>The folder of a run.</summary>
    Run,
}

/// <summary>Marks a setting as a path, which in a config file is relative to that file.</summary>
/// <param name="kind">What it names.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ConfigPathAttribute(PathKind kind) : Attribute
{
    /// <summary>What it names.</summary>
    public PathKind Kind { get; } = kind;

    /// <summary>The key beside which it is a name and no path: "server.url".</summary>
    public string? NameBeside { get; init; }
}
