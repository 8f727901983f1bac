using Rlt.Benchmarks;
using Rlt.Distributed;
using Rlt.Models;
using Rlt.Models.Adapters;
using Rlt.Planning;

namespace Rlt.Tests.Planning;

public sealed class MemoryPlanTests
{
    // Width 16, 2 layers, queries 16 wide, keys 8, inner width 32, 64 tokens, tied: 2 · 2368 + 64 · 16 + 16 = 5776 weights.
    private static readonly ModelConfig Tiny = TinyModel.Config(64, 16, tied: true);

    [Theory]
    [InlineData(2, 2720, 2400, 2880)]
    [InlineData(4, 5280, 4800, 5760)]
    public void FusedLayer_TenRows_HandCounted(int elementSize, long kept, long forward, long backward)
    {
        // Kept: 16 + 2 · 16 + 2 · 8 + 2 · 32 = 128 elements and 2 + 2 floats; forward 4 · 16 + 16 + 8 + 32 = 120; backward 16 + 4 · 32 = 144.
        Assert.Equal(new LayerMemory(kept, forward, backward), LayerMemory.Fused(new ModelSize(Tiny, elementSize), 10));
    }

    [Fact]
    public void FusedLayer_LoraWithDropout_AddsInputsMasksAndNarrowProducts()
    {
        var lora = new LoraConfig { Rank = 3, Dropout = 0.1, TargetModules = ["q_proj", "down_proj"] };
        LayerMemory without = LayerMemory.Fused(new ModelSize(Tiny, 4), 1), with = LayerMemory.Fused(new ModelSize(Tiny, 4, lora), 1);

        // Inputs 16 and 32, twice, and the rank twice; outputs of 16 each twice, and the rank twice.
        Assert.Equal(4 * ((2 * 48) + 6), with.Kept - without.Kept);
        Assert.Equal(4 * (64 + 6), with.Forward - without.Forward);
    }

    [Fact]
    public void PlainLayer_OneRow_HandCounted()
    {
        LayerMemory layer = LayerMemory.Plain(new ModelSize(Tiny, 2), rows: 1, paddedRows: 1);

        // Elements 2 · 32 + 16 + 16 + 8 + 2 · 8 + 16 + 4 · 32 = 264, floats 32 + 2, padded 4 · 16 elements and 2 floats.
        Assert.Equal((2 * 264) + (4 * 34) + (2 * 64) + 8, layer.Kept);

        // Elements 2 · 16 + 4 · 24 + 4 · 8 = 160 and floats 2 · 32; padded 2 · 8 + 16 elements.
        Assert.Equal((2 * 160) + (4 * 64) + (2 * 32), layer.Forward);
        Assert.Equal(2 * 96, layer.Backward);
    }

    [Fact]
    public void ScoringPass_TenRows_LayerIsThePeak() => Assert.Equal(
        new PassMemory((2 * 10 * 32) + 2720 + 2400 + (16 * 20), 0, 0), PassMemory.Scoring(new ModelSize(Tiny, 2), PassShape.Of(10, 0, 10), fused: true));

    /// <summary>Four ranks of 5776 weights in two layers of 2368 and 1040 around them; two passes of a step of 8 sequences of 10 tokens.</summary>
    [Theory]
    [InlineData(ShardingStage.None, 23_104, 46_208, 0, 2 * 17_328, 0, 0)]
    [InlineData(ShardingStage.Zero1, 23_104, 11_552, 0, 17_328, 17_328, 0)]
    [InlineData(ShardingStage.Zero2, 23_104, 11_552, 0, 2 * 17_328, 17_328, 0)]
    [InlineData(ShardingStage.Zero3, 5_776, 11_552, 4 * (1040 + (3 * 2368)), 2 * 17_328, 0, 4 * 17_328)]
    public void Ranks_HoldAndSend_HandCounted(ShardingStage stage, long weights, long states, long gathered, double gradients, double newWeights, double layers)
    {
        var work = new Workload
        {
            Model = new ModelSize(Tiny, 4), Fused = true, Training = new TrainingLoad(10, KeepGraphs: false), LongestSequence = 10, Ranks = 4, Stage = stage,
        };
        PlanPhase backward = MemoryPlan.Of(work).Phases.Single(phase => phase.Name == MemoryPlan.Backward);
        Assert.Equal((weights, states, gathered), (Part("weights"), Part("optimizer state"), Part("gathered weights")));
        IReadOnlyList<(string Kind, double Bytes)> sent = StepTraffic.Of(work, new StepWork(0, 0, 8, 10));
        Assert.Equal((gradients, newWeights, layers), (Sent("gradients"), Sent("new weights"), Sent("gathered layers")));

        long Part(string name) => backward.Parts.SingleOrDefault(part => part.Name == name).Bytes;
        double Sent(string kind) => sent.SingleOrDefault(one => one.Kind == kind).Bytes;
    }

    [Fact]
    public void TrainingPass_Recomputed_InputsOfAllLayersAndOneGraph()
    {
        // Held: 2 · 320. In a layer: 320 of its output's gradient, the graph 2720, its output 320, the backward 2880.
        PassMemory pass = PassMemory.Training(new ModelSize(Tiny, 2), PassShape.Of(10, 0, 10), fused: true, keepGraphs: false);
        Assert.Equal(new PassMemory(640 + 320 + 2720 + 320 + 2880 + (16 * 20), 0, 0), pass);
    }

    [Fact]
    public void TrainingPass_LargeVocabulary_HeadIsThePeak()
    {
        ModelConfig config = TinyModel.Config(100_000, 16, tied: true);
        PassMemory pass = PassMemory.Training(new ModelSize(config, 2), PassShape.Of(10, 0, 10), fused: true, keepGraphs: false);

        // Ten positions' logits; the head's gradient goes straight into its sum.
        Assert.Equal(new PassMemory(960 + (4 * 320) + (16 * 20), 10 * 200_000, 0), pass);
    }

    [Fact]
    public void TrainingPass_KeptGraphs_HoldsThemAll()
    {
        // With so few tokens the head is not the peak.
        var model = new ModelSize(TinyModel.Config(8, 16, tied: true), 2);
        PassMemory again = PassMemory.Training(model, PassShape.Of(10, 0, 10), fused: true, keepGraphs: false);
        PassMemory kept = PassMemory.Training(model, PassShape.Of(10, 0, 10), fused: true, keepGraphs: true);

        // Two graphs, where there was one and its output.
        Assert.Equal(again.Activations + 2720 - 320, kept.Activations);
    }

    [Theory]
    [InlineData(100, 0, 10, 100, 100, 100)]
    [InlineData(100, 0, 150, 150, 150, 150)]
    [InlineData(100, 40, 60, 100, 60, 240)]
    public void PassShape_Sequences_RowsAndPaddedRows(long budget, long shared, long longest, long rows, long scored, long padded) =>
        Assert.Equal(new PassShape(rows, scored, padded), PassShape.Of(budget, shared, longest));

    [Fact]
    public void Plan_FineTuning_ByPhaseAndPart()
    {
        MemoryPlan plan = MemoryPlan.Of(FineTuning(new TrainingLoad(10, KeepGraphs: false)));
        Assert.Equal(["backward", "optimizer"], plan.Phases.Select(phase => phase.Name));
        Assert.Equal(
            [new("weights", 2 * 5776), new("optimizer state", 12 * 5776), new("gradients", 4 * 5776), new("activations", 7200)],
            plan.Phases[0].Parts);
        Assert.Equal([new("weights", 2 * 5776), new("optimizer state", 12 * 5776), new("gradients", 4 * 5776)], plan.Phases[1].Parts);
        Assert.Equal((plan.Phases[0], 0), (plan.Peak, plan.HostBytes));
    }

    [Fact]
    public void Plan_Offload_MovesStatesAndSumsToMainMemory()
    {
        MemoryPlan states = MemoryPlan.Of(FineTuning(new TrainingLoad(10, false, OffloadOptimizer: true)));
        MemoryPlan sums = MemoryPlan.Of(FineTuning(new TrainingLoad(10, false, OffloadOptimizer: true, OffloadGradients: true)));
        Assert.Equal(MemoryPlan.Of(FineTuning(new TrainingLoad(10, false))).PeakBytes - (12 * 5776), states.PeakBytes);
        Assert.Equal(states.PeakBytes - (4 * 5776), sums.PeakBytes);

        // On its way: the gradient and the new weight of the largest tensor, 64 · 16.
        Assert.Equal((12 * 5776) + (6 * 1024), states.HostBytes);
        Assert.Equal((16 * 5776) + (6 * 1024), sums.HostBytes);
    }

    [Fact]
    public void Plan_Lora_TrainsAdaptersAlone()
    {
        var lora = new LoraConfig { Rank = 2, TargetModules = ["q_proj"] };
        Workload work = FineTuning(new TrainingLoad(10, false));
        MemoryPlan plan = MemoryPlan.Of(work with { Model = work.Model with { Lora = lora } });

        // Two layers of 2 · (16 + 16).
        Assert.Equal(2 * (5776 + 128), plan.Phases[1].Parts.Single(part => part.Name == "weights").Bytes);
        Assert.Equal(12 * 128, plan.Phases[1].Parts.Single(part => part.Name == "optimizer state").Bytes);
    }

    // A pass of 1000 tokens outweighs the cache of 4 explanations, one of 10 does not.
    [Theory]
    [InlineData(1000, true)]
    [InlineData(10, false)]
    public void Plan_LiveStudent_HasWeightsStatesAndAPhaseOfItsOwn(int tokens, bool learning)
    {
        Workload frozen = FineTuning(new TrainingLoad(tokens, KeepGraphs: false)) with
        {
            Student = new ModelSize(Tiny, 2), ScoringTokens = 10, Sampling = new SamplingLoad(Rows: 8, Group: 4, Prompt: 64, NewTokens: 30),
        };
        MemoryPlan plan = MemoryPlan.Of(frozen with { StudentRows = 4 });
        Assert.Equal(["sample", "score", "backward", "optimizer", "refresh"], plan.Phases.Select(phase => phase.Name));
        Assert.All(plan.Phases, phase => Assert.Equal(2 * 12 * 5776, phase.Parts.Single(part => part.Name == "optimizer state").Bytes));
        PlanPhase refresh = plan.Phases[^1];
        Assert.Equal(learning ? 4 * 5776 : 0, refresh.Parts.FirstOrDefault(part => part.Name == "gradients").Bytes);
        Assert.Equal(!learning, refresh.Parts.Any(part => part.Name == "KV cache"));
        Assert.Equal(4, MemoryPlan.Of(frozen).Phases.Count);
    }

    [Fact]
    public void Cache_GroupsShareTheirPrompts()
    {
        // 64 prompt tokens are two shared blocks; 65 to 96 tokens one block of each row; 2 · 2 + 8 = 12 blocks, of which the cache makes 17.
        SamplingMemory memory = SamplingMemory.Of(new ModelSize(Tiny, 2), new SamplingLoad(Rows: 8, Group: 4, Prompt: 64, NewTokens: 30), fused: true);
        const int blockBytes = 32 * 2 * 2 * 8 * 2;
        Assert.Contains(memory.Cache, new long[] { 17 * blockBytes, 17 * blockBytes / 4 * 3 });
    }

    [Fact]
    public void Plan_Qwen7BTeacher_WeightsGradientsAndStates()
    {
        var model = new ModelSize(BenchShapes.Get("qwen2.5-7b"), 2);
        Assert.Equal(7_615_616_512, model.Config.ParameterCount);
        Assert.Equal(7_615_616_512, (28 * model.TrainedOfLayer) + (2L * 152_064 * 3584) + 3584);
        Assert.Equal(57_344, SamplingMemory.PositionBytes(model));
    }

    private static Workload FineTuning(TrainingLoad training) => new()
    {
        Model = new ModelSize(Tiny, 2),
        Fused = true,
        Training = training,
        LongestSequence = 10,
    };
}
