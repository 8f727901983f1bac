using Rlt.Distributed;
using static Rlt.Planning.ModelSize;

namespace Rlt.Planning;

/// <summary>A kind of memory in a phase.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Bytes">How much.</param>
public readonly record struct PlanPart(string Name, long Bytes);

/// <summary>What is held at the highest point of one phase of a step.</summary>
/// <param name="Name">The phase, as the metrics name it.</param>
/// <param name="Parts">What is held, parts of no bytes left out.</param>
public sealed record PlanPhase(string Name, IReadOnlyList<PlanPart> Parts)
{
    /// <summary>All parts together.</summary>
    public long Bytes => Parts.Sum(part => part.Bytes);
}

/// <summary>
/// The memory of a run, by phase and by part, from shapes and settings alone. The device's memory is planned, and what is in main
/// memory beside it; on the CPU the two are one. The process itself (runtime, libraries, texts) is not in it.
/// </summary>
public sealed class MemoryPlan
{
    /// <summary>The name of the phase that computes gradients.</summary>
    public const string Backward = "backward";

    // As Optimization/AdamW has it.
    private const long GatheredAtOnce = 1 << 24;

    private readonly Workload _work;

    private MemoryPlan(Workload work)
    {
        _work = work;
        Phases = [.. PhasesOf().OfType<PlanPhase>()];
    }

    /// <summary>The phases of a step, in their order.</summary>
    public IReadOnlyList<PlanPhase> Phases { get; }

    /// <summary>The phase that holds most.</summary>
    public PlanPhase Peak => Phases.MaxBy(phase => phase.Bytes)!;

    /// <summary>What the device must have.</summary>
    public long PeakBytes => Peak.Bytes;

    /// <summary>What is in main memory where optimizer or gradients are there: states, sums, and one weight's on its way.</summary>
    public long HostBytes
    {
        get
        {
            if (_work.Training is not { OffloadOptimizer: true } training)
            {
                return 0;
            }

            return Learners.Sum(model => (Share(model.TrainedCount * StateBytes(model), ShardingStage.Zero1))
                + (training.OffloadGradients ? Share(model.TrainedCount * Wide, ShardingStage.Zero2) : 0)
                + (model.LargestTrained * (Wide + model.ElementSize)));
        }
    }

    // AdamW: two moments and, where the weights are narrower, master weights; float32.
    private static long StateBytes(ModelSize model) => (2 * Wide) + (model.ElementSize < Wide ? Wide : 0);

    private IEnumerable<ModelSize> Learners => _work is { StudentRows: > 0, Student: { } student } ? [_work.Model, student] : [_work.Model];

    /// <summary>The plan of a workload.</summary>
    public static MemoryPlan Of(Workload work) => new(work);

    // Sums of gradients are there from the first backward pass of a step to its update.
    private IEnumerable<PlanPhase?> PhasesOf()
    {
        if (_work.Sampling is { } sampling)
        {
            SamplingMemory memory = SamplingMemory.Of(_work.Model, sampling with { Rows = OfARank(sampling.Rows, _work.Samples) }, _work.Fused);
            yield return Phase("sample", ("gathered weights", Gathered(_work.Model)),
                ("KV cache", memory.Cache), ("activations", memory.Activations), ("logits", memory.Logits));
        }

        if (_work is { ScoringTokens: > 0, Student: { } student })
        {
            PassMemory memory = Larger(Score(_work.Model), Score(student));
            yield return Phase("score", ("gathered weights", Math.Max(Gathered(_work.Model), Gathered(student))),
                ("activations", memory.Activations), ("logits", memory.Logits));
        }

        if (_work.HasReference)
        {
            PassMemory memory = Score(_work.Model with { Lora = null });
            yield return Phase("reference", ("gathered weights", Gathered(_work.Model)), ("activations", memory.Activations), ("logits", memory.Logits));
        }

        if (_work.Training is { } training)
        {
            long sums = Sums(training, _work.Model);
            PassShape pass = Pass(training.MicroBatchTokens);
            PassMemory memory = PassMemory.Training(_work.Model, pass, _work.Fused, training.KeepGraphs);
            if (_work.Teacher is { } teacher)
            {
                PassMemory asked = PassMemory.Scoring(teacher, pass, _work.Fused);
                yield return Phase("teacher", ("gathered weights", Gathered(teacher)),
                    ("gradients", sums), ("activations", asked.Activations), ("logits", asked.Logits));
                memory = memory with { Logits = PassMemory.Compared(_work.Model, teacher, pass) };
            }

            yield return Phase(Backward, ("gathered weights", Gathered(_work.Model)),
                ("gradients", sums + UnderWay(training, _work.Model) + memory.LayerGradients), ("activations", memory.Activations), ("logits", memory.Logits));
            yield return Phase("optimizer", ("gradients", sums), ("update", UpdateBytes(training, _work.Model)),
                ("weights under way", NewWeights(_work.Model)));
            foreach (ModelSize learner in Learners.Skip(1))
            {
                yield return Refresh(training, learner);
            }
        }
    }

    // The explanations are of different questions, so that nothing of their prompts is shared; sampling and learning follow each other.
    private PlanPhase Refresh(TrainingLoad training, ModelSize student)
    {
        var sampling = SamplingMemory.Of(
            _work.Model, _work.Sampling! with { Rows = OfARank(_work.Sampling.Rows, _work.StudentRows), Group = 1 }, _work.Fused);
        PassMemory pass = PassMemory.Training(student, PassShape.Of(training.MicroBatchTokens, 0, _work.LongestSequence), _work.Fused, training.KeepGraphs);
        long sums = Sums(training, student) + UnderWay(training, student);
        PlanPhase learning = Phase("refresh", ("gathered weights", Gathered(student)), ("gradients", sums + pass.LayerGradients),
            ("activations", pass.Activations), ("logits", pass.Logits), ("update", UpdateBytes(training, student)));
        PlanPhase explaining = Phase("refresh", ("gathered weights", Gathered(_work.Model)),
            ("KV cache", sampling.Cache), ("activations", sampling.Activations), ("logits", sampling.Logits));
        return learning.Bytes > explaining.Bytes ? learning : explaining;
    }

    private PlanPhase Phase(string name, params ReadOnlySpan<(string Name, long Bytes)> passing)
    {
        List<(string Name, long Bytes)> parts =
        [
            ("weights", Held(_work.Model)),
            ("reference weights", _work.HasReference && _work.Model.Lora is null ? Held(_work.Model) : 0),
            ("student weights", _work is { StudentIsApart: true, Student: { } student } ? Held(student) : 0),
            ("teacher weights", _work is { TeacherIsApart: true, Teacher: { } teacher } ? Held(teacher) : 0),
            ("optimizer state", _work.Training is { OffloadOptimizer: false }
                ? Share(Learners.Sum(model => StateBytes(model) * model.TrainedCount), ShardingStage.Zero1) : 0),
            .. passing,
        ];
        return new PlanPhase(name, [.. parts.Where(part => part.Bytes > 0).Select(part => new PlanPart(part.Name, part.Bytes))]);
    }

    // Rows that a rank decodes at once, of all the samples there are.
    private int OfARank(int rows, long samples) => samples == 0 ? rows : (int)Math.Min(rows, (samples + _work.Ranks - 1) / _work.Ranks);

    // What a rank has of something that is shared out from a stage on.
    private long Share(long bytes, ShardingStage from) => _work.Stage >= from ? (bytes + _work.Ranks - 1) / _work.Ranks : bytes;

    private long Held(ModelSize model) => Share(model.WeightBytes, ShardingStage.Zero3);

    // Where weights are shared out: those of no layer, a layer's, the next one's, and the buffer that brings it.
    private long Gathered(ModelSize model) => _work is { Ranks: > 1, Stage: ShardingStage.Zero3 }
        ? model.ElementSize * (model.CountAround + (3 * model.CountOfLayer)) : 0;

    private long Sums(TrainingLoad training, ModelSize model) => training.OffloadGradients ? 0 : Share(Wide * model.TrainedCount, ShardingStage.Zero2);

    // Where sums are shared out: whole gradients on their way to the ranks, and before that, where they are not part of the sums.
    private long UnderWay(TrainingLoad training, ModelSize model)
    {
        long most = Math.Max(model.TrainedOfLayer, model.TrainedOfHead);
        return training.OffloadGradients || _work.Ranks == 1 || _work.Stage == ShardingStage.None ? 0
            : Wide * most * (_work.Stage == ShardingStage.Zero1 ? 1 : 2);
    }

    // The buffers in which new weights are brought together.
    private long NewWeights(ModelSize model) => _work is { Ranks: > 1, Stage: ShardingStage.Zero1 or ShardingStage.Zero2 }
        ? 2 * model.ElementSize * Math.Min(model.TrainedCount, GatheredAtOnce + model.LargestTrained) : 0;

    private PassMemory Score(ModelSize model) => PassMemory.Scoring(model, Pass(_work.ScoringTokens), _work.Fused);

    private PassShape Pass(int tokens) => PassShape.Of(tokens, _work.SharedTokens, _work.LongestSequence);

    // Plain operators make a denominator and its root; weights of another device are copied whole.
    private long UpdateBytes(TrainingLoad training, ModelSize model) =>
        _work.Fused || training.OffloadOptimizer ? 0 : Share(2 * Wide * model.LargestTrained, ShardingStage.Zero1);

    private static PassMemory Larger(PassMemory one, PassMemory other) => one.Bytes >= other.Bytes ? one : other;
}
