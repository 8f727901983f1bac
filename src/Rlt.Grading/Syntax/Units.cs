using System.Collections.Frozen;

namespace Rlt.Grading.Syntax;

/// <summary>Units of measurement that are read without a number's meaning changing.</summary>
internal static class Units
{
    // Alias, then "dimension:scale"; units of one dimension and different scale are told apart.
    private static readonly FrozenDictionary<string, string> Known = Table(
        "length:mm mm millimeter millimeters millimetre millimetres", "length:cm cm centimeter centimeters centimetre centimetres",
            "length:m m meter meters metre metres",
        "length:km km kilometer kilometers kilometre kilometres", "length:in inch inches", "length:ft ft foot feet", "length:yd yd yard yards",
            "length:mi mile miles",
        "time:s s sec secs second seconds", "time:min mins minute minutes", "time:h hr hrs hour hours", "time:d day days", "time:w week weeks",
            "time:mo month months", "time:y yr yrs year years",
        "mass:g gram grams", "mass:kg kg kilogram kilograms", "mass:mg mg milligram milligrams", "mass:lb lb lbs pound pounds", "mass:oz oz ounce ounces",
            "mass:t ton tons",
        "volume:l liter liters litre litres", "volume:ml ml milliliter milliliters", "volume:gal gallon gallons", "volume:cup cup cups",
            "money:$ dollar dollars usd", "money:¢ cent cents",
        "money:€ euro euros eur", "speed:mph mph", "speed:kmh kmh kph", "power:w watt watts", "force:n newton newtons", "energy:j joule joules",
            "angle:° deg degree degrees", "angle:rad rad radian radians",
        "clock:am am", "clock:pm pm", "count: units unit square sq cubic people students ways way times points point apples sides edges percent pct");

    /// <summary>Is the plain word a unit.</summary>
    public static bool IsUnit(string word) => word.Length > 1 && Known.ContainsKey(word.ToLowerInvariant());

    /// <summary>Is the word a sign of percentage.</summary>
    public static bool IsPercent(string word) => word.Trim().ToLowerInvariant() is "percent" or "pct" or "percents" or "per cent" or "percentage" or "pct.";

    /// <summary>Do both name units of one dimension, but of another scale or power: metres and centimetres, cm² and cm³.</summary>
    public static bool Conflict(string left, string right) =>
        Base(left) is { } a && Base(right) is { } b && Dimension(a) == Dimension(b) && (a != b || Power(left) != Power(right));

    private static string Dimension(string unit) => unit.Split(':')[0];

    private static string? Base(string unit) => Words(unit)
        .Select(word => Known.GetValueOrDefault(word))
        .FirstOrDefault(known => known is not null && !known.StartsWith("count", StringComparison.Ordinal));

    private static int Power(string unit) => Words(unit) switch
    {
        var words when words.Contains("square") || words.Contains("sq") || words.Contains("2") => 2,
        var words when words.Contains("cubic") || words.Contains("3") => 3,
        _ => 1,
    };

    private static string[] Words(string unit) => unit.ToLowerInvariant().Split([' ', '.', '/', '^'], StringSplitOptions.RemoveEmptyEntries);

    private static FrozenDictionary<string, string> Table(params ReadOnlySpan<string> lines)
    {
        var table = new Dictionary<string, string>();
        foreach (string line in lines)
        {
            string[] words = line.Split(' ');
            foreach (string alias in words[1..])
            {
                table[alias] = words[0];
            }
        }

        return table.ToFrozenDictionary();
    }
}
