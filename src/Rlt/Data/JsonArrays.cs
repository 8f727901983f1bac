using System.Text.Json.Nodes;

namespace Rlt.Data;

/// <summary>JSON lists of one kind of value.</summary>
public static class JsonArrays
{
    /// <summary>Of texts.</summary>
    public static JsonArray Of(IEnumerable<string> values) => [.. values.Select(value => (JsonNode)value)];

    /// <summary>Of whole numbers.</summary>
    public static JsonArray Of(IEnumerable<int> values) => [.. values.Select(value => (JsonNode)value)];

    /// <summary>Of numbers, some of which may be unknown.</summary>
    public static JsonArray Of(IEnumerable<float?> values) => [.. values.Select(value => (JsonNode?)value)];

    /// <summary>Of numbers.</summary>
    public static JsonArray Of(IEnumerable<float> values) => Of(values.Select(value => (float?)value));
}
