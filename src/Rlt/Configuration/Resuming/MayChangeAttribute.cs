namespace Rlt.Configuration.Resuming;

/// <summary>Marks a setting, or all of a section, that may be another one when a run goes on: what is made does not depend on it, or only from there on.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class MayChangeAttribute : Attribute
{
    /// <summary>Whether it must stay null where it was, and given where it was given.</summary>
    public bool ButNotNull { get; init; }
}
