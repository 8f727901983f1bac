using System.Text.Json.Nodes;
using Rlt.Configuration;
using Rlt.Generation;
using Rlt.Models;
using Rlt.Models.Adapters;
using Rlt.Teaching;
using Rlt.Teaching.Rewards;
using Rlt.Training.Grpo;
using Rlt.Training.Teacher;

namespace Rlt.Tests.Training;

/// <summary>GRPO runs whose completions are given, so that what a step must do with them is known.</summary>
public sealed class GrpoRunTests : IDisposable
{
    private readonly TrainingRun _run = new();

    public void Dispose() => _run.Dispose();

    /// <summary>The first question's completions are alike, and so teach nothing: a further question is drawn in its place.</summary>
    [Fact]
    public void ResampleRounds_AFlatGroup_IsReplaced()
    {
        var asked = new List<int>();
        TeacherConfig config = _run.Teacher with { Steps = 1, SamplesKept = 100, Loss = new GrpoOptions { ResampleRounds = 2 } };
        _run.RunTeacher("a", config, scripted: Written((call, place, sample) => Note(call, place) is (0, 0) ? "same" : $"{call} {place} {sample}"));
        Assert.Equal([2, 1], asked);
        JsonObject[] samples = Rows("a", "samples.jsonl");
        Assert.Equal(config.QuestionsPerStep * config.GroupSize, samples.Length);
        Assert.DoesNotContain(samples, row => (string)row["completion"]! == "same");
        Assert.Equal(0, (double)Rows("a", "metrics.jsonl")[0]["zero_spread_groups"]!);
        Assert.All(samples.Chunk(config.GroupSize), group => Assert.Equal(0, group.Sum(row => (double)row["advantage"]!), 1e-4));

        // The metrics of a run without further rounds show the flat group.
        _run.RunTeacher("b", config with { Loss = new GrpoOptions() }, scripted: Written((call, place, sample) => place == 0 ? "same" : $"{sample}"));
        Assert.Equal(0.5, (double)Rows("b", "metrics.jsonl")[0]["zero_spread_groups"]!);

        (int Call, int Place) Note(int call, int place)
        {
            if (asked.Count <= call)
            {
                asked.Add(0);
            }

            asked[call] = Math.Max(asked[call], place + 1);
            return (call, place);
        }
    }

    /// <summary>Two updates of a step: a share whose completions were all cut has no loss and no gradient, the other has its own.</summary>
    [Fact]
    public void UpdatesPerBatch_WithMaskTruncated_CutCompletionsHaveNoLoss()
    {
        var loss = new GrpoOptions { Beta = 0, UpdatesPerBatch = 2, MaskTruncated = true, ClipLow = 0.2, ClipHigh = 0.2 };
        TeacherConfig config = _run.Teacher with { Steps = 1, Loss = loss };
        JsonObject all = Metrics("all", _ => true), second = Metrics("second", place => place == 1), none = Metrics("none", _ => false);
        Assert.Equal((1.0, 0.5, 0.0), ((double)all["truncated"]!, (double)second["truncated"]!, (double)none["truncated"]!));
        Assert.Equal((0.0, 0.0), ((double)all["loss"]!, (double)all["grad_norm"]!));
        Assert.NotEqual(0, (double)second["loss"]!);
        Assert.NotEqual((double)none["loss"]!, (double)second["loss"]!);

        JsonObject Metrics(string name, Func<int, bool> cut)
        {
            _run.RunTeacher(name, config, scripted: Written((_, place, sample) => $"{place} {sample}", cut));
            return Rows(name, "metrics.jsonl")[0];
        }
    }

    /// <summary>The metrics are of the policy that the step began with, however often it moves on the same samples.</summary>
    [Fact]
    public void NumIterations_Metrics_AreOfTheFirstPass()
    {
        double[] differences = [.. new[] { 1, 3 }.Select(iterations =>
        {
            var loss = new GrpoOptions { Beta = 0, NumIterations = iterations, ClipLow = 0.2, ClipHigh = 0.2 };
            _run.RunTeacher($"{iterations}", _run.Teacher with { Steps = 1, Loss = loss }, scripted: Written((_, place, sample) => $"{place} {sample}"));
            return (double)Rows($"{iterations}", "metrics.jsonl")[0]["sampler_difference"]!;
        })];
        Assert.Equal(differences[0], differences[1], 1e-9);
    }

    /// <summary>The first update ends the weights; the second is refused, and the message says that the first was applied.</summary>
    [Fact]
    public void UpdatesPerBatch_ALaterOneIsNotFinite_SaysWhatWasAppliedAndKeepsTheCompletions()
    {
        TeacherConfig config = _run.Teacher with
        {
            Steps = 1,
            Loss = new GrpoOptions { Beta = 0, UpdatesPerBatch = 2, ClipLow = 0.2, ClipHigh = 0.2 },
            Optimizer = new OptimizerConfig { LearningRate = 1e30 },
        };
        var error = Assert.Throws<RunFailedException>(() => _run.RunTeacher("a", config, scripted: Written((_, place, sample) => $"{place} {sample}")));
        string file = Path.Combine(_run["a"], "failed-step.jsonl");
        Assert.Contains("update 2 of the step was not applied, those before it were", error.Message, StringComparison.Ordinal);
        Assert.Contains($"The step's completions are in {file}.", error.Message, StringComparison.Ordinal);
        JsonObject[] rows = Rows("a", "failed-step.jsonl");
        Assert.Equal(["0 0", "0 1", "0 2", "0 3", "1 0", "1 1", "1 2", "1 3"], rows.Select(row => (string)row["completion"]!));
        Assert.All(rows, row => Assert.True(row.ContainsKey("advantage") && (int)row["step"]! == 1));
    }

    [Fact]
    public void PaperDepartures_EachChange_IsNamedBesideThePapersValue()
    {
        TeacherConfig paper = _run.Teacher with
        {
            Steps = 125, QuestionsPerStep = 16, GroupSize = 64, ReferenceSyncSteps = 32, Optimizer = new OptimizerConfig { LearningRate = 1e-6 },
        };
        Assert.Empty(PaperDepartures.Of(paper));
        TeacherConfig other = paper with
        {
            GroupSize = 8, Loss = new GrpoOptions { Beta = 0, Aggregation = LossAggregation.Token }, Lora = new LoraConfig { Rank = 4 },
            Reward = new RewardOptions { MissingTagPenalty = -2 }, StudentRefresh = new StudentRefresh { Every = 8, Steps = 3 },
        };
        Assert.Equal(
            ["group_size 8 (paper: 64)", "loss.beta 0 (paper: 0.04)", "loss.aggregation token (paper: sequence)", "lora of rank 4 (paper: all weights)",
                "student_refresh: 3 steps of distillation every 8 (paper: a frozen student)",
                "reward (the paper's weights: configs/rewards/paper.yaml)"],
            PaperDepartures.Of(other));
    }

    private JsonObject[] Rows(string name, string file) => [.. Golden.Lines(Path.Combine(_run[name], file))];

    // The log-probs are those of a uniform policy.
    private static Func<LanguageModel, TeachingFormat, Explain> Written(Func<int, int, int, string> text, Func<int, bool>? cut = null) => (policy, format) =>
        ScriptedExplanations.Of(policy, format, (call, place, sample) =>
        {
            string completion = text(call, place, sample);
            int[] ids = policy.Tokenizer.Encode(completion, addSpecialTokens: false).Ids;
            float uniform = -MathF.Log(policy.Decoder.Config.VocabularySize);
            FinishReason finish = cut?.Invoke(place) == true ? FinishReason.Length : FinishReason.Stop;
            return (new Sample(ids, [.. ids.Select(_ => uniform)], finish), completion);
        });
}
