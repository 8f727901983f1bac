using System.Text.Json.Nodes;
using Rlt.Text.Jinja;

namespace Rlt.Tests.Text.Jinja;

/// <summary>Renders templates with the variables the feature tests share.</summary>
internal static class Rendering
{
    private const string Variables = """
        {"name": "Ada", "n": 7, "items": [3, 1, 2], "d": {"b": 2, "a": 1}, "none_value": null, "emoji": "a🤗b",
         "users": [{"name": "Bo", "age": 30}, {"name": "al", "age": 25}, {"name": "Cy", "age": 30}],
         "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yo"}]}
        """;

    public static string Of(string template, JinjaLimits? limits = null, TimeProvider? clock = null) =>
        JinjaTemplate.Parse(template, "test").Render(JsonNode.Parse(Variables)!.AsObject(), limits, clock);
}
