using System.Text.Json.Nodes;

namespace Rlt.Configuration;

/// <summary>The setting <c>template_args</c>: variables that a chat template reads beside the conversation.</summary>
public static class TemplateArguments
{
    private static readonly string[] Taken = ["messages", "add_generation_prompt", "tools"];

    /// <summary>What is wrong with them: names that rendering itself sets.</summary>
    public static IEnumerable<ConfigProblem> Problems(JsonObject? args) => (args ?? [])
        .Select(arg => arg.Key)
        .Where(Taken.Contains)
        .Select(name =>
            new ConfigProblem($"TemplateArgs.{name}", "is set by every prompt itself; expected variables of the template's own, such as enable_thinking"));
}
