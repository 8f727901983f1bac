namespace Rlt.Configuration;

/// <summary>The checks of ranges that several configs share, so that each is worded once.</summary>
internal static class Ranges
{
    /// <summary>Counts of something there must be.</summary>
    public static IEnumerable<ConfigProblem> AtLeastOne(params (string Key, int Value)[] settings) =>
        settings.Where(setting => setting.Value < 1).Select(setting => new ConfigProblem(setting.Key, $"is {setting.Value}; expected 1 or more"));

    /// <summary>Counts that 0 turns off, and weights.</summary>
    public static IEnumerable<ConfigProblem> NotNegative(params (string Key, double Value)[] settings) =>
        settings.Where(setting => !(setting.Value >= 0)).Select(setting => new ConfigProblem(setting.Key, $"is {setting.Value}; expected 0 or more"));

    /// <summary>Shares of a whole.</summary>
    public static IEnumerable<ConfigProblem> Share(string key, double value) =>
        value is >= 0 and <= 1 ? [] : [new ConfigProblem(key, $"is {value}; expected a share from 0 to 1")];

    /// <summary>How tokens are drawn where greedy decoding is allowed.</summary>
    public static IEnumerable<ConfigProblem> Sampling(double temperature, double topP)
    {
        if (!(temperature >= 0))
        {
            yield return new ConfigProblem("temperature", $"is {temperature}; expected 0 (the likeliest tokens) or more");
        }

        if (topP is not (> 0 and <= 1))
        {
            yield return new ConfigProblem("top_p", $"is {topP}; expected more than 0, up to 1");
        }
    }
}
