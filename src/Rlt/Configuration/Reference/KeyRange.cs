using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Rlt.Configuration.Reference;

/// <summary>The numbers that a key may be, found by asking its record's own checks, so that what is said of a range is what is enforced.</summary>
/// <param name="Least">The lower end; null: none.</param>
/// <param name="LeastExcluded">Whether the lower end itself is refused.</param>
/// <param name="Most">The upper end; null: none.</param>
/// <param name="MostExcluded">Whether the upper end itself is refused.</param>
internal sealed record KeyRange(double? Least, bool LeastExcluded, double? Most, bool MostExcluded)
{
    private const double Near = 1e-9;
    private const int Bisections = 60;

    private static readonly (double? End, bool Excluded) NoEnd = (null, false);
    private static readonly double[] Numbers = [-1e12, -1, -Near, 0, Near, 0.5, 1 - Near, 1, 1 + Near, 2, 1e12];
    private static readonly double[] Counts = [int.MinValue + 1, -1, 0, 1, 2, 3, 16, int.MaxValue - 1];

    /// <summary>The range as people say it; empty where any number will do.</summary>
    public string Words => (Least, Most) switch
    {
        (null, null) => "",
        ({ } least, null) => LeastExcluded ? $"more than {Shown(least)}" : $"{Shown(least)} or more",
        (null, { } most) => MostExcluded ? $"below {Shown(most)}" : $"{Shown(most)} or less",
        ({ } least, { } most) => $"{(LeastExcluded ? "more than " : "")}{Shown(least)} to {(MostExcluded ? "below " : "")}{Shown(most)}",
    };

    /// <summary>The range of a numeric key.</summary>
    /// <param name="record">The record's type.</param>
    /// <param name="defaults">The record's values as JSON.</param>
    /// <param name="key">The key.</param>
    /// <param name="whole">Whether its numbers are whole.</param>
    public static KeyRange Of(Type record, JsonObject defaults, string key, bool whole)
    {
        double[] probes = whole ? Counts : Numbers;
        bool[] valid = [.. probes.Select(IsValid)];
        int first = Array.IndexOf(valid, true), last = Array.LastIndexOf(valid, true);
        if (first < 0)
        {
            return new KeyRange(null, false, null, false);
        }

        (double? least, bool leastOut) = first == 0 ? NoEnd : End(probes[first], probes[first - 1]);
        (double? most, bool mostOut) = last == probes.Length - 1 ? NoEnd : End(probes[last], probes[last + 1]);
        return new KeyRange(least, leastOut, most, mostOut);

        bool IsValid(double value) => !Refuses(record, defaults, key, whole ? JsonValue.Create((long)value) : JsonValue.Create(value));

        // Between a value that is taken and one that is not.
        (double? End, bool Excluded) End(double inside, double outside)
        {
            if (Math.Abs(inside - outside) <= 2 * Near)
            {
                return Math.Round(inside) == inside ? (inside, false) : (outside, true);
            }

            for (int i = 0; i < Bisections && (!whole || Math.Abs(inside - outside) > 1); i++)
            {
                double middle = whole ? Math.Round((inside + outside) / 2) : (inside + outside) / 2;
                (inside, outside) = IsValid(middle) ? (middle, outside) : (inside, middle);
            }

            return (whole ? inside : Math.Round(inside, 6), false);
        }
    }

    private static string Shown(double value) => value.ToString("0.############", CultureInfo.InvariantCulture);

    // What another key's value has part in is not the range: "is 2 at temperature 0, where all are alike".
    private static bool Refuses(Type record, JsonObject defaults, string key, JsonValue value)
    {
        var fields = (JsonObject)defaults.DeepClone();
        fields[key] = value;
        object? read = fields.Deserialize(record, ConfigSchema.Options);
        return read is IValidated validated && validated.Problems().Any(problem => ConfigSchema.EnumKey(problem.Key) == key
            && problem.Message.StartsWith("is ", StringComparison.Ordinal)
            && (problem.Message.IndexOf(';') is var end && end > 0 && !problem.Message[3..end].Contains(' ')
                || problem.Message.Contains(", which rewards", StringComparison.Ordinal)));
    }
}
