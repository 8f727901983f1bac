using System.Text.Json.Nodes;

namespace Rlt.Serving.Requests;

/// <summary>A request that is refused, as OpenAI's error object says it.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="code">The error's code.</param>
/// <param name="message">What was wrong, expected, and to do.</param>
/// <param name="field">The request's field; null where it is none's.</param>
internal sealed class ApiException(int status, string code, string message, string? field = null) : Exception(message)
{
    /// <summary>The HTTP status.</summary>
    public int Status { get; } = status;

    /// <summary>Seconds after which to ask again; null where that would not help.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>A field that is not what it must be.</summary>
    public static ApiException Field(string field, string message) => new(400, "invalid_value", $"{field} {message}", field);

    /// <summary>The answer's body.</summary>
    public JsonObject ToJson() => new()
    {
        ["error"] = new JsonObject
        {
            ["message"] = Message,
            ["type"] = Status switch { 429 => "rate_limit_error", >= 500 => "server_error", _ => "invalid_request_error" },
            ["param"] = field,
            ["code"] = code,
        },
    };
}
