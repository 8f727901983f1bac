using Rlt.Configuration.Resuming;
using Rlt.Servers;

namespace Rlt.Teaching.Collection;

/// <summary>An OpenAI-compatible server that samples the teacher's explanations instead of the engine in this process, by /completions.</summary>
public sealed record TeacherServer : ServerAccess
{
    /// <summary>The name that the server has for the teacher; null: the only one that it serves.</summary>
    [MayChange]
    public string? Model { get; init; }

    /// <inheritdoc/>
    public override string Endpoint => "/completions";
}
