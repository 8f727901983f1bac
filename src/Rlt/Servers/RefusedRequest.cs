using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Rlt.Servers;

/// <summary>What a server means that refuses a request, as far as something follows from it.</summary>
/// <param name="IsFiltered">Whether it was for the question's content: asked again, it would be refused again.</param>
/// <param name="WantsOtherLimit">Whether the limit of tokens should be sent as max_completion_tokens.</param>
/// <param name="IsTooLong">Whether question and response do not fit the model's context.</param>
/// <param name="Unsupported">The field that the server does not take; null where it names none.</param>
internal sealed record RefusedRequest(bool IsFiltered, bool WantsOtherLimit, bool IsTooLong, string? Unsupported)
{
    private static readonly string[] FilterCodes =
    [
        "content_filter", "contentfilter", "content_policy", "contentpolicy", "responsibleaipolicy", "data_inspection_failed", "datainspectionfailed",
        "moderation", "sensitive",
    ];

    private static readonly string[] FilterWords =
    [
        "content management policy", "content policy", "content filter", "content_filter", "content exists risk", "usage policy", "usage policies",
        "high risk", "inappropriate content", "flagged",
    ];

    private static readonly string[] LengthWords =
    [
        "context length", "context_length", "context window", "context size", "context_size", "max_model_len", "max_seq_len", "n_ctx",
        "maximum sequence length", "`max_new_tokens` must be", "prompt is too long", "input is too long",
    ];

    /// <summary>Reads the body of a refusal.</summary>
    /// <param name="content">The body.</param>
    /// <param name="codesOnly">Whether words do not count: a refused key may have them as well.</param>
    public static RefusedRequest Read(byte[] content, bool codesOnly = false)
    {
        string text = Encoding.UTF8.GetString(content).ToLowerInvariant();
        JsonObject? error = Error(content);
        string codes = string.Join(' ', new[] { "code", "type", "status" }.Select(key => error?[key]?.ToString().ToLowerInvariant()));
        bool isTooLong = LengthWords.Any(text.Contains);
        bool namesLimit = text.Contains("max_completion_tokens", StringComparison.Ordinal)
            || (text.Contains("max_tokens", StringComparison.Ordinal) && codes.Contains("unsupported_parameter", StringComparison.Ordinal));
        return new RefusedRequest(
            !isTooLong && (FilterCodes.Any(codes.Contains) || (!codesOnly && FilterWords.Any(text.Contains))),
            namesLimit && !isTooLong && !text.Contains("too large", StringComparison.Ordinal),
            isTooLong,
            codes.Contains("unsupported", StringComparison.Ordinal) && error?["param"] is JsonValue named && named.TryGetValue(out string? field) ? field : null);
    }

    private static JsonObject? Error(byte[] content)
    {
        try
        {
            return JsonNode.Parse(content) is JsonObject root ? root["error"] as JsonObject ?? root : null;
        }
        // ArgumentException: an object with the same key twice.
        catch (Exception error) when (error is JsonException or ArgumentException)
        {
            return null;
        }
    }
}
