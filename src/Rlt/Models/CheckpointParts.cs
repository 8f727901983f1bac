namespace Rlt.Models;

/// <summary>The tensors of a checkpoint beside its text part (pictures, sound, further heads): they are copied where the model is saved.</summary>
/// <param name="Directory">The checkpoint that was read.</param>
/// <param name="Names">The tensors' names.</param>
internal sealed record CheckpointParts(string Directory, IReadOnlyList<string> Names);
