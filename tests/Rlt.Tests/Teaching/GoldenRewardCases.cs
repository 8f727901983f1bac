using System.Text.Json.Nodes;
using Rlt.Configuration;
using Rlt.Models;
using Rlt.Teaching;
using Rlt.Teaching.Rewards;

namespace Rlt.Tests.Teaching;

/// <summary>The golden cases and their models, read once; each case scored once at each pair of temperatures.</summary>
public sealed class GoldenRewardCases : IDisposable
{
    private readonly Lazy<LanguageModel> _teacher = new(() => Load("qwen2_teacher"));
    private readonly Lazy<LanguageModel> _student = new(() => Load("qwen2_student_sharded"));
    private readonly Lazy<Dictionary<string, JsonObject>> _rows = new(() => Golden.Lines(Golden.Find("rewards/cases.jsonl")).ToDictionary(row => row["id"]!.GetValue<string>()));
    private readonly Dictionary<string, TeachingCase> _built = [];
    private readonly Dictionary<(string Id, double Teacher, double Student), ScoredExplanation> _scored = [];

    public TeachingFormat Format => new(GoldenFormat.Stratos, new ChatRenderer(_teacher.Value.RequireTemplate()), new ChatRenderer(_student.Value.RequireTemplate()));

    public JsonObject Row(string id) => _rows.Value[id];

    public TeachingTask Task(string id) => GoldenFormat.Task(Row(id)["processed"]!.AsObject());

    public string Completion(string id) => Row(id)["completion"]!.GetValue<string>();

    public TeachingCase Build(string id) => _built.TryGetValue(id, out TeachingCase? built)
        ? built
        : _built[id] = TeachingCase.Build(Format, Task(id), Completion(id), _teacher.Value.Tokenizer, _student.Value.Tokenizer);

    public ExplanationScorer Scorer(RewardOptions options, int tokenBudget) => new(Format, _teacher.Value, _student.Value, options, tokenBudget);

    /// <summary>A case's reward, from log-probabilities that all settings of the same temperatures share.</summary>
    public Reward Reward(string id, RewardOptions options)
    {
        var key = (id, options.TeacherTemperature, options.StudentTemperature);
        if (!_scored.TryGetValue(key, out ScoredExplanation? scored))
        {
            var temperatures = new RewardOptions { TeacherTemperature = options.TeacherTemperature, StudentTemperature = options.StudentTemperature };
            _scored[key] = scored = Scorer(temperatures, 2048).Score([Build(id)])[0];
        }

        return Rlt.Teaching.Rewards.Reward.From(scored.Solution, scored.TeacherThink, scored.StudentThink, Build(id).Closed, options);
    }

    public void Dispose()
    {
        foreach (Lazy<LanguageModel> model in new[] { _teacher, _student }.Where(model => model.IsValueCreated))
        {
            model.Value.Dispose();
        }
    }

    private static LanguageModel Load(string name) => LanguageModel.Load(Golden.Find($"models/{name}"), new DeviceConfig());
}
