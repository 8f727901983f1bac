using Rlt.Configuration;
using Rlt.Configuration.Pipelines;
using Rlt.Evaluation;
using Rlt.Evaluation.Questions;
using Rlt.Studies.Settings;
using Rlt.Teaching;
using Rlt.Teaching.Collection;
using Rlt.Teaching.Rewards;
using Rlt.Training.OnPolicy;
using Rlt.Training.Optimization;
using Rlt.Training.Sft;
using Rlt.Training.Solver;
using Rlt.Training.Teacher;

namespace Rlt.Tests.Configuration;

public sealed class ShippedConfigTests
{
    private static string Configs => Path.Combine(Golden.RepositoryRoot, "configs");

    public static TheoryData<string> Shipped =>
        [.. Directory.EnumerateFiles(Configs, "*.yaml", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Configs, file)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Shipped))]
    public void Load_ShippedConfig_HasNoProblems(string relative)
    {
        string path = Path.Combine(Configs, relative);
        object config = (Path.GetDirectoryName(relative), Path.GetFileNameWithoutExtension(relative).Split('-')[0]) switch
        {
            ("formats", _) => ConfigLoader.Load<PromptFormat>(path, []),
            ("benchmarks", _) => ConfigLoader.Load<BenchmarkDefinition>(path, []),
            ("rewards", _) => ConfigLoader.Load<RewardOptions>(path, []),
            (_, "teacher" or "teacher-modern") => ConfigLoader.Load<TeacherConfig>(path, []),
            (_, "solver") => ConfigLoader.Load<SolverConfig>(path, []),
            (_, "collect") => ConfigLoader.Load<CollectConfig>(path, []),
            (_, "quickstart" or "iterate") => ConfigLoader.Load<PipelineConfig>(path, []),
            (_, "study") => ConfigLoader.Load<StudyConfig>(path, []),
            (_, "eval") => ConfigLoader.Load<EvalConfig>(path, []),
            (_, "distill") => ConfigLoader.Load<DistillConfig>(path, []),
            (_, "warmup" or "base" or "student") => ConfigLoader.Load<SftConfig>(path, []),
            var (folder, name) => throw new InvalidOperationException($"{folder}/{name}: which record is it of? Add it here."),
        };
        Assert.NotNull(config);
    }

    [Fact]
    public void Load_PaperTeacher_IsThePapersRun()
    {
        TeacherConfig config = ConfigLoader.Load<TeacherConfig>(Path.Combine(Configs, "paper", "teacher.yaml"), []);
        Assert.Equal((125, 16, 64, 0.7, 0.04), (config.Steps, config.QuestionsPerStep, config.GroupSize, config.Temperature, config.Loss.Beta));
        Assert.Equal(new RewardOptions(), config.Reward);
        Assert.Equal((1e-6, ScheduleKind.Constant, 1.0), (config.Optimizer.LearningRate, config.Optimizer.Schedule, config.Optimizer.MaxGradNorm));
        Assert.Equal((32, 0.9, 16384), (config.ReferenceSyncSteps, config.ReferenceSyncMix, config.MaxNewTokens));
    }

    [Fact]
    public void Load_PaperReward_IsTheDefault() =>
        Assert.Equal(new RewardOptions(), ConfigLoader.Load<RewardOptions>(Path.Combine(Configs, "rewards", "paper.yaml"), []));

    [Fact]
    public void AllKeys_AllRecords_AreTheApprovedOnes()
    {
        string[] actual =
        [
            .. Section<SftConfig>("warmup"), .. Section<DistillConfig>("distill"), .. Section<TeacherConfig>("train-teacher"), .. Section<SolverConfig>("train-solver"), .. Section<CollectConfig>("collect"),
            .. Section<EvalConfig>("eval"), .. Section<RewardOptions>("score --config"), .. Section<PromptFormat>("format"),
            .. Section<BenchmarkDefinition>("benchmark"), .. Section<PipelineConfig>("run"), .. Section<RoundsConfig>("run rounds"), .. Section<StageConfig>("run stages"),
            .. Section<StudyConfig>("study"), .. Section<SectionConfig>("study sections"), .. Section<ArmConfig>("study sections arms"), .. Section<ComparisonConfig>("study sections compare"),
        ];

        // A new option is a decision: it comes with its line in this file.
        string[] approved = File.ReadAllLines(Path.Combine(Golden.RepositoryRoot, "tests", "Rlt.Tests", "Configuration", "approved-options.txt"));
        Assert.Equal(approved, actual);
    }

    private static IEnumerable<string> Section<T>(string name)
        where T : class => ConfigSchema.AllKeys(typeof(T)).Prepend($"[{name}]");
}
