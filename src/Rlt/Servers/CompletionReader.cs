using System.Text;
using System.Text.Json.Nodes;

namespace Rlt.Servers;

/// <summary>Reads what servers send as a completion. Beyond OpenAI's own form: other names of the reasons to finish, and texts in parts.</summary>
internal static class CompletionReader
{
    private static readonly HashSet<string> CutReasons = new(StringComparer.OrdinalIgnoreCase)
    {
        "length", "limit", "token_limit", "max_length", "max_tokens", "max_new_tokens", "max_output_tokens", "max_completion_tokens",
        "model_length", "model_context_window_exceeded", "incomplete",
    };

    // vLLM's and SGLang's names.
    private static readonly string[] StopFields = ["stop_reason", "matched_stop"];

    private static readonly HashSet<string> FilterReasons = new(StringComparer.OrdinalIgnoreCase)
    {
        "content_filter", "content_filtered", "contentfilter", "filtered", "blocked", "blocklist", "moderation", "prohibited_content",
        "recitation", "safety", "sensitive", "spii", "guardrail_intervened",
    };

    /// <summary>Reads an answer's JSON; null where it is no completion.</summary>
    /// <param name="root">The answer.</param>
    /// <param name="limit">The tokens that were asked for at most; a response of as many was cut off, whatever its reason. Null where it is not known.</param>
    /// <exception cref="InvalidOperationException">A field is of another kind than it must be; so ArgumentException and FormatException.</exception>
    public static Completion? Read(JsonNode? root, int? limit)
    {
        if (root?["choices"] is JsonArray { Count: 0 } && root["usage"] is JsonObject)
        {
            return new Completion("", false, null) { Refusal = "no_content" };
        }

        JsonNode? choice = root?["choices"]?[0];
        string? reason = choice?["finish_reason"]?.GetValue<string>().Split(':')[0].Trim();
        if (choice?.AsObject().ContainsKey("finish_reason") != true || reason is "abort" or "error" || (choice["text"] is null && choice["message"] is not JsonObject))
        {
            return null;
        }

        Message said = Message.Of(choice);
        int? tokens = root?["usage"]?["completion_tokens"]?.GetValue<int>();
        bool isCut = CutReasons.Contains(reason ?? "") || (limit is not null && tokens >= limit);
        string? refusal = FilterReasons.Contains(reason ?? "") ? "content_filter"
            : reason == "refusal" || (said.Text.Length == 0 && said.Refusal.Length > 0) ? "refusal"
            : !said.HasText && said.Thought.Length == 0 && !isCut ? "no_content" : null;
        string? stopField = StopFields.FirstOrDefault(choice.AsObject().ContainsKey);
        return new Completion(said.Whole(isCut), isCut && refusal is null, tokens)
        {
            Refusal = refusal,
            TellsStop = stopField is not null,
            StoppedBy = stopField is not null && choice[stopField] is JsonValue stopped && stopped.TryGetValue(out string? text) ? text : null,
        };
    }

    /// <summary>What a choice holds: its thought, text and refusal, each of which may come as a text or in parts.</summary>
    private sealed class Message
    {
        public StringBuilder Thought { get; } = new();

        public StringBuilder Text { get; } = new();

        public StringBuilder Refusal { get; } = new();

        public bool HasText { get; private set; }

        public static Message Of(JsonNode choice)
        {
            var said = new Message();
            JsonNode? message = choice["message"];
            said.Add(message?["reasoning_content"] ?? message?["reasoning"] ?? message?["thinking"] ?? message?["reasoning_details"], said.Thought);
            said.Add(choice["text"] ?? message?["content"], said.Text);
            said.Add(message?["refusal"], said.Refusal);
            return said;
        }

        /// <summary>The response: the thought in its tags, which stay open where it was cut off, before the text.</summary>
        public string Whole(bool isCut)
        {
            string text = Text.Length > 0 ? Text.ToString() : Refusal.ToString();
            return Thought.Length == 0 || text.TrimStart().StartsWith("<think>", StringComparison.Ordinal) ? text : $"<think>\n{Thought}\n{(text.Length == 0 && isCut ? "" : "</think>\n\n")}{text}";
        }

        private void Add(JsonNode? node, StringBuilder target)
        {
            switch (node)
            {
                case null:
                    break;
                case JsonArray parts:
                    foreach (JsonNode? part in parts)
                    {
                        Add(part, target);
                    }

                    break;
                case JsonObject part:
                    AddPart(part, target);
                    break;
                default:
                    target.Append(node.GetValue<string>());
                    HasText |= target == Text;
                    break;
            }
        }

        // {"type": "text", "text": …}, {"type": "thinking", "thinking": … or parts again} and their like; parts without a text add nothing.
        private void AddPart(JsonObject part, StringBuilder target)
        {
            string type = part["type"]?.GetValue<string>() ?? "";
            bool isThought = type.Contains("think", StringComparison.Ordinal) || type.Contains("reason", StringComparison.Ordinal);
            StringBuilder own = isThought ? Thought : type == "refusal" ? Refusal : target;
            Add(part["text"] ?? part["thinking"] ?? part["reasoning"] ?? part["refusal"] ?? part["content"] ?? part["summary"], own);
        }
    }
}
