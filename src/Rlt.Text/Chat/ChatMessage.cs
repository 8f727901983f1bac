using System.Text.Json.Nodes;

namespace Rlt.Text.Chat;

/// <summary>One turn of a conversation.</summary>
/// <param name="Role">Who speaks: system, user or assistant.</param>
/// <param name="Content">What is said.</param>
public sealed record ChatMessage(string Role, string Content)
{
    /// <summary>The message as chat templates take it.</summary>
    public JsonObject ToJson() => new() { ["role"] = Role, ["content"] = Content };
}
