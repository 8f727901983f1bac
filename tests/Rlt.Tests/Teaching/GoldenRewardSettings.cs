using System.Text.Json;
using System.Text.Json.Nodes;
using Rlt.Teaching.Rewards;

namespace Rlt.Tests.Teaching;

/// <summary>The original's constructor arguments as our settings.</summary>
internal static class GoldenRewardSettings
{
    public const string Path = "rewards/settings.json";

    // The original's generation temperature, by which "unbiased" log-probabilities are divided.
    private const double GenerationTemperature = 0.7;

    public static IReadOnlyList<string> Names { get; } = System.IO.Path.Exists(Golden.Find(Path)) ? [.. Golden.Json(Golden.Find(Path)).Select(pair => pair.Key)] : [];

    public static JsonObject Arguments(string name) => Golden.Json(Golden.Find(Path))[name]!.AsObject();

    public static RewardOptions Options(string name)
    {
        JsonObject arguments = Arguments(name);
        RewardTerm solution = Term(arguments, "reduction_log_prob_fn", "answer_log_prob_coeff", "normalize_log_prob_fn");
        RewardTerm think = Term(arguments, "reduction_kl_fn", "kl_penalty_reward_coeff", "normalize_kl_fn");
        bool schulman = arguments["use_schulman_kl_estimation"]!.GetValue<bool>();
        bool withTeacher = arguments["include_teacher_think_entropy"]?.GetValue<bool>() ?? true;
        return new RewardOptions
        {
            // The original bounds log-likelihoods from below only, and the KL from above only.
            SolutionScore = solution with { Floor = -arguments["clip_log_prob"]?.GetValue<double>() },
            ThinkKl = think with { Ceiling = arguments["clip_kl"]?.GetValue<double>() },
            ThinkEstimate = !withTeacher ? ThinkEstimate.StudentOnly : schulman ? ThinkEstimate.Schulman : ThinkEstimate.LogRatio,
            TeacherTemperature = arguments["unbias_teacher_log_probs"]?.GetValue<bool>() ?? true ? GenerationTemperature : 1,
            StudentTemperature = arguments["unbias_student_log_probs_temp"]?.GetValue<double>() ?? 1,
            MissingTagPenalty = arguments["not_matched_penalty"]!.GetValue<double>(),
        };
    }

    /// <summary>A term of one statistic of weight 1.</summary>
    public static RewardTerm Statistic(string name) => Weighted(new RewardTerm(), name, 1);

    private static RewardTerm Term(JsonObject arguments, string reductions, string weights, string normalization)
    {
        var term = new RewardTerm
        {
            Normalize = arguments[normalization]?.GetValue<string>() switch
            {
                null => Normalization.None,
                "exp" => Normalization.Exp,
                "exp_norm" => Normalization.ExpNorm,
                var other => throw new InvalidDataException(other),
            },
        };
        return Items(arguments[reductions]!).Zip(Items(arguments[weights]!)).Aggregate(
            term, (sum, pair) => Weighted(sum, pair.First.GetValue<string>(), pair.Second.GetValue<double>()));
    }

    private static JsonNode[] Items(JsonNode node) => node.GetValueKind() == JsonValueKind.Array ? [.. node.AsArray().Select(item => item!)] : [node];

    private static RewardTerm Weighted(RewardTerm term, string statistic, double weight) => statistic switch
    {
        "mean" => term with { Mean = weight },
        "sum" => term with { Sum = weight },
        "min" => term with { Min = weight },
        "max" => term with { Max = weight },
        "median" => term with { Median = weight },
        "first_quartile" => term with { FirstQuartile = weight },
        "last_quartile" => term with { LastQuartile = weight },
        _ => throw new InvalidDataException(statistic),
    };
}
