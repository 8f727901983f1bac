using System.Text.Json.Nodes;

namespace Rlt.Evaluation;

/// <summary>The fields of a row of results that figures are made of.</summary>
/// <exception cref="DataException">A field is missing or of another kind.</exception>
public static class EvalRow
{
    /// <summary>Question and sample.</summary>
    public static (int Index, int Sample) Key(JsonObject row) => (Value<int>(row, "index"), Value<int>(row, "sample"));

    /// <summary>The verdict.</summary>
    public static bool IsCorrect(JsonObject row) => Value<bool>(row, "correct");

    /// <summary>1 for a right sample, 0 for a wrong one.</summary>
    public static double Score(JsonObject row) => IsCorrect(row) ? 1 : 0;

    /// <summary>Whether the token limit cut the response off.</summary>
    public static bool IsTruncated(JsonObject row) => Value<string>(row, "finish_reason") == "length";

    /// <summary>The answer found in the response; null for none.</summary>
    public static string? Extracted(JsonObject row) => row["extracted"] is null ? null : Value<string>(row, "extracted");

    /// <summary>The response's length in tokens; null where the server did not tell.</summary>
    public static int? Tokens(JsonObject row) => row.TryGetPropertyValue("tokens", out JsonNode? tokens) && tokens is null ? null : Value<int>(row, "tokens");

    /// <summary>The question's name.</summary>
    public static string Id(JsonObject row) => Value<string>(row, "id");

    private static T Value<T>(JsonObject row, string key) => row[key] is JsonValue value && value.TryGetValue(out T? found)
        ? found
        : throw new DataException($"{Evaluator.FileName}: '{key}' is {row[key]?.ToJsonString() ?? "missing"} in a row; "
            + "these are no results of eval, or damaged ones. Choose another --out, or remove the row to have it made again.");
}
