namespace Rlt.Evaluation.Protocols;

/// <summary>Chooses the system prompt of a question.</summary>
/// <remarks>
/// SkyThought (commit 4bb8f3e) picks by the model's exact Hub name, and gives models that are not listed none: a student in a local
/// directory is then asked without a system prompt, whatever it was trained with.
/// </remarks>
public static class SystemPrompt
{
    private const string QwenChainOfThought = "You are a helpful and harmless assistant. You are Qwen developed by Alibaba. You should think step-by-step.";

    private static readonly HashSet<string> Qwen =
    [
        "Qwen/Qwen2.5-1.5B-Instruct", "Qwen/Qwen2.5-7B-Instruct", "Qwen/Qwen2.5-32B-Instruct", "Qwen/Qwen2.5-72B-Instruct",
        "Qwen/Qwen2.5-Math-7B-Instruct", "Qwen/Qwen2.5-Math-72B-Instruct", "Qwen/QwQ-32B-Preview",
    ];

    /// <summary>The system prompt; empty for none.</summary>
    /// <param name="protocol">Strict: the row's, else the format's. Skythought: by the model's name.</param>
    /// <param name="given">A text that goes before any rule; null for none.</param>
    /// <param name="model">The model's Hub name.</param>
    /// <param name="row">What the data row brings.</param>
    /// <param name="format">What the format's student is told.</param>
    /// <exception cref="ConfigException">SkyThought has a prompt for the model that is not shipped here.</exception>
    public static string Choose(Protocol protocol, string? given, string model, string? row, string? format)
    {
        if (given is not null)
        {
            return given;
        }

        if (protocol == Protocol.Strict)
        {
            return row ?? format ?? "";
        }

        return !model.StartsWith("NovaSky-AI/Sky-T1", StringComparison.Ordinal)
            ? Qwen.Contains(model) ? QwenChainOfThought : ""
            : throw new ConfigException($"system: missing; SkyThought asks {model} with a system prompt of its own, "
                + "which is not shipped. Copy it from its model_configs.yaml and set system.");
    }
}
