using System.Text.Json;

namespace Rlt.Cli.Launching;

/// <summary>How a command ended.</summary>
/// <param name="Exit">The exit code.</param>
/// <param name="Message">What is said of it on standard error; null for nothing.</param>
/// <param name="IsQuiet">Whether nothing is under way between the ranks.</param>
internal sealed record Outcome(int Exit, string? Message, bool IsQuiet = true)
{
    private const int LongestMessage = 3000;

    /// <summary>What another rank sent.</summary>
    public static Outcome Read(byte[] sent) => JsonSerializer.Deserialize<Outcome>(sent)!;

    /// <summary>As bytes, for another rank.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(
        Message?.Length > LongestMessage ? this with { Message = Message[..LongestMessage] + "…" } : this);
}
