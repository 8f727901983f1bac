using System.Text.RegularExpressions;

namespace Rlt.Models.Adapters;

/// <summary>Which linear maps of a model have adapters, and each one's rank and scale: what adapter_config.json can say of plain LoRA.</summary>
/// <remarks>The meaning of each value is PEFT's. Patterns are Python's; those of its constructs that are written otherwise here are translated.</remarks>
public sealed record LoraLayout
{
    /// <summary>The value of "target_modules" that stands for every linear map of the layers.</summary>
    public const string AllLinear = "all-linear";

    private static readonly TimeSpan LongestMatch = TimeSpan.FromSeconds(1);

    /// <summary>r where <see cref="RankPattern"/> says nothing else.</summary>
    public required int Rank { get; init; }

    /// <summary>alpha where <see cref="AlphaPattern"/> says nothing else.</summary>
    public required double Alpha { get; init; }

    /// <summary>Share of an adapter's inputs that is zeroed in training, 0 to below 1.</summary>
    public double Dropout { get; init; }

    /// <summary>Names of modules, or ends of names that begin after a dot.</summary>
    public IReadOnlyList<string> TargetModules { get; init; } = [];

    /// <summary>Instead of names, a pattern for whole names, or <see cref="AllLinear"/>; null where names are given.</summary>
    public string? TargetPattern { get; init; }

    /// <summary>Whether scales are alpha / √r (rslora) instead of alpha / r.</summary>
    public bool RankStabilised { get; init; }

    /// <summary>Ranks of single modules by patterns for ends of names; the first that fits counts.</summary>
    public IReadOnlyList<KeyValuePair<string, int>> RankPattern { get; init; } = [];

    /// <summary>Alphas of single modules by patterns for ends of names; the first that fits counts.</summary>
    public IReadOnlyList<KeyValuePair<string, double>> AlphaPattern { get; init; } = [];

    /// <summary>The layout that a training config asks for of a model.</summary>
    /// <exception cref="ConfigException">The config names a map that the model's layers do not have; its experts, say, where those are one tensor.</exception>
    public static LoraLayout Of(LoraConfig config, ModelConfig model)
    {
        HashSet<string> there = [.. ModulesOf(model).Select(module => module[(module.LastIndexOf('.') + 1)..])];
        string[] absent = [.. config.TargetModules.Where(module => !there.Contains(module))];
        return absent.Length == 0 || config.TargetModules.SequenceEqual(LoraConfig.KnownModules)
            ? new() { Rank = config.Rank, Alpha = config.Alpha, Dropout = config.Dropout, TargetModules = [.. config.TargetModules.Except(absent)] }
            : throw new ConfigException($"lora.target_modules: names {string.Join(", ", absent)}, which no linear map of this {model.ModelType} model is called; "
                + $"expected some of {string.Join(", ", LoraConfig.KnownModules.Where(there.Contains))}");
    }

    /// <summary>The linear maps of a model's layers, by their names in a checkpoint.</summary>
    public static IReadOnlyList<string> ModulesOf(ModelConfig config) =>
    [
        .. WeightMap.Expected(config).Keys
            .Where(name => LoraConfig.KnownModules.Any(known => name.EndsWith($".{known}.weight", StringComparison.Ordinal)))
            .Select(name => name[..^".weight".Length]),
    ];

    /// <summary>Whether a linear map of the layers has an adapter.</summary>
    public bool Targets(string module) => TargetPattern switch
    {
        null => TargetModules.Any(target => module == target || module.EndsWith("." + target, StringComparison.Ordinal)),
        _ when TargetPattern.Equals(AllLinear, StringComparison.OrdinalIgnoreCase) => true,
        _ => Fits(module, TargetPattern),
    };

    /// <summary>The rank of a module's adapter.</summary>
    public int RankOf(string module) => RankPattern.Where(pair => FitsEnd(module, pair.Key)).Select(pair => (int?)pair.Value).FirstOrDefault() ?? Rank;

    /// <summary>The alpha of a module's adapter.</summary>
    public double AlphaOf(string module) => AlphaPattern.Where(pair => FitsEnd(module, pair.Key)).Select(pair => (double?)pair.Value).FirstOrDefault() ?? Alpha;

    /// <summary>What a module's adapter is multiplied by.</summary>
    public double ScaleOf(string module) => AlphaOf(module) / (RankStabilised ? Math.Sqrt(RankOf(module)) : RankOf(module));

    private static bool FitsEnd(string module, string pattern) => Fits(module, $@"(.*\.)?({pattern})");

    // Python's named groups and its end of the text are written differently in .NET.
    private static bool Fits(string module, string pattern)
    {
        string translated = pattern.Replace("(?P<", "(?<", StringComparison.Ordinal).Replace(@"\Z", @"\z", StringComparison.Ordinal);
        return Regex.IsMatch(module, $@"\A(?:{translated})\z", RegexOptions.CultureInvariant, LongestMatch);
    }
}
