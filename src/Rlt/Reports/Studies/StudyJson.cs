using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rlt.Statistics;
using Rlt.Studies;
using Rlt.Studies.Sources;

namespace Rlt.Reports.Studies;

/// <summary>A study's numbers for programs; shares are 0 to 1, intervals [low, high].</summary>
internal static class StudyJson
{
    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The file.</summary>
    public static string Of(Study study) => new JsonObject
    {
        ["title"] = study.Config.Title,
        ["runs"] = study.Config.Runs,
        ["seeds"] = new JsonArray([.. study.Config.Seeds.Select(seed => JsonValue.Create(seed))]),
        ["claims"] = List(ClaimTable.Claims(study).Select(Claim)),
        ["sections"] = List(study.Sections.Select(Section)),
    }.ToJsonString(Format) + "\n";

    private static JsonObject Claim(StudyClaim claim) => new()
    {
        ["section"] = claim.Section,
        ["claim"] = claim.Words,
        ["value"] = claim.Value,
        ["interval"] = claim.Interval is { } interval ? Ends(interval) : null,
        ["verdict"] = Key(claim.Verdict),
    };

    private static JsonObject Section(StudySection section) => new()
    {
        ["title"] = section.Config.Title,
        ["arms"] = List(section.Arms.Select(Arm)),
        ["comparisons"] = List(section.Comparisons.OfType<StudyComparison>().Select(Comparison)),
        ["correlation"] = section.Correlation is { } correlation ? Correlation(correlation) : null,
        ["missing"] = new JsonArray([.. section.Missing.Select(what => JsonValue.Create(what))]),
    };

    private static JsonObject Arm(StudyArm arm) => new()
    {
        ["name"] = arm.Config.Name,
        ["label"] = arm.Config.Label,
        ["accuracy"] = arm.Accuracy,
        ["interval"] = Ends(arm.Interval),
        ["no_answer"] = arm.NoAnswer,
        ["answer_tokens"] = arm.AnswerTokens,
        ["traces"] = Means(TraceFigures.Shown, arm.TraceMean),
        ["teacher"] = Means(TeacherFigures.Shown, arm.TeacherMean),
        ["seeds"] = List(arm.Runs.Select(Seed)),
    };

    private static JsonObject Seed(ArmRun run) => new()
    {
        ["seed"] = run.Seed,
        ["accuracy"] = run.Eval.Accuracy,
        ["questions"] = run.Eval.Ids.Count,
        ["no_answer"] = run.Eval.NoAnswer,
        ["answer_tokens"] = run.Eval.MeanTokens,
        ["eval"] = run.Eval.Folder,
        ["summary"] = run.Eval.Summary.DeepClone(),
        ["traces"] = run.Traces is not { } traces
            ? null
            : new JsonObject { ["path"] = traces.Path, ["traces"] = traces.Traces, ["dropped"] = traces.Dropped, ["means"] = Fields(traces.Means) },
        ["teacher"] = run.Teacher is not { } teacher
            ? null
            : new JsonObject { ["folder"] = teacher.Folder, ["steps"] = teacher.Steps, ["means"] = Fields(teacher.Means) },
    };

    private static JsonObject Comparison(StudyComparison comparison) => new()
    {
        ["arm"] = comparison.Config.Arm,
        ["over"] = comparison.Config.Over,
        ["claim"] = comparison.Config.Claim,
        ["difference"] = comparison.Difference,
        ["interval"] = Ends(comparison.Interval),
        ["verdict"] = Key(comparison.Verdict),
        ["seeds"] = List(comparison.Seeds.Zip(comparison.BySeed, (seed, difference) => new JsonObject { ["seed"] = seed, ["difference"] = difference })),
        ["unlike_settings"] = new JsonArray([.. comparison.UnlikeSettings.Select(what => JsonValue.Create(what))]),
    };

    private static JsonObject Correlation(StudyCorrelation correlation) => new()
    {
        ["x"] = correlation.Config.X,
        ["claim"] = correlation.Config.Claim,
        ["r"] = correlation.R,
        ["interval"] = correlation.Interval is { } interval ? Ends(interval) : null,
        ["interval_arms_vary"] = correlation.ArmsInterval is { } arms ? Ends(arms) : null,
        ["verdict"] = Key(correlation.Verdict),
        ["points"] = List(correlation.Arms.SelectMany((arm, a) => correlation.Seeds.Select((seed, s) => new JsonObject
        {
            ["arm"] = arm.Config.Name, ["seed"] = seed, ["x"] = correlation.X[a][s], ["accuracy"] = correlation.Y[a][s],
        }))),
    };

    private static JsonArray List(IEnumerable<JsonObject> items) => new([.. items]);

    private static JsonArray Ends(Interval interval) => new(interval.Low, interval.High);

    private static JsonObject Means(IEnumerable<string> keys, Func<string, double?> mean) =>
        Fields(keys.Where(key => mean(key) is not null).Select(key => KeyValuePair.Create(key, mean(key)!.Value)));

    private static JsonObject Fields(IEnumerable<KeyValuePair<string, double>> means) =>
        new(means.Select(mean => KeyValuePair.Create<string, JsonNode?>(mean.Key, mean.Value)));

    private static string? Key(ClaimVerdict? verdict) => verdict is null ? null : JsonNamingPolicy.SnakeCaseLower.ConvertName(verdict.Value.ToString());
}
