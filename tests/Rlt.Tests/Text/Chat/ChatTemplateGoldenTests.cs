using System.Text;
using System.Text.Json.Nodes;
using Rlt.Text.Chat;
using Rlt.Text.Jinja;

namespace Rlt.Tests.Text.Chat;

public sealed class ChatTemplateGoldenTests
{
    [GoldenFact("chat_templates/renders.jsonl")]
    public void Render_TemplatesOfManyModels_GivesWhatTransformersGives()
    {
        JsonObject sources = Golden.Json(Golden.Find("chat_templates/templates.json"));
        var failures = new StringBuilder();
        int count = 0;
        foreach (JsonObject test in Golden.Lines(Golden.Find("chat_templates/renders.jsonl")))
        {
            string name = test["template"]!.GetValue<string>();
            string? expected = test["rendered"]?.GetValue<string>();
            string? actual;
            string error = "";
            try
            {
                actual = ChatTemplate.Parse(sources[name]!.GetValue<string>(), name).Render(
                    test["messages"]!.AsArray(),
                    test["add_generation_prompt"]!.GetValue<bool>(),
                    test["tools"] as JsonArray,
                    test["extra_context"]!.AsObject());
            }
            catch (DataException exception)
            {
                (actual, error) = (null, exception.Message);
            }

            count++;
            if (actual != expected)
            {
                failures.AppendLine($"{name} {test["conversation"]}: expected {expected ?? "an error"}\n  got {actual ?? error}");
            }
        }

        Assert.Equal("", failures.ToString());
        Assert.True(count >= 200, $"only {count} cases were read");
    }

    [GoldenFact("jinja/chat.jsonl")]
    public void Render_SuiteOfChatTemplates_GivesTheExpectedText()
    {
        var failures = new StringBuilder();
        foreach (JsonObject test in Golden.Lines(Golden.Find("jinja/chat.jsonl")))
        {
            string name = test["name"]!.GetValue<string>();
            string expected = test["expected"]!.GetValue<string>();
            var clock = new FixedClock(new DateTimeOffset(2025, 7, 10, 12, 0, 0, TimeSpan.Zero));
            string actual = JinjaTemplate.Parse(test["template"]!.GetValue<string>(), name)
                .Render(test["context"]!.AsObject(), clock: clock);
            if (name == "custom/MadeAgents/Hammer2.1")
            {
                // It prints tools as text, which the suite's JavaScript does as JSON and Python as a Python literal.
                expected = expected.Replace(Print("{{ tools | tojson }}", test), Print("{{ tools }}", test), StringComparison.Ordinal);
            }

            if (actual != expected)
            {
                failures.AppendLine($"{name}: expected {expected}\n  got {actual}");
            }
        }

        Assert.Equal("", failures.ToString());
    }

    private static string Print(string template, JsonObject test) =>
        JinjaTemplate.Parse(template, "print").Render(test["context"]!.AsObject());

    private sealed class FixedClock(DateTimeOffset now) : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => now;
    }
}
