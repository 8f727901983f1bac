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

            return Learners.Sum(model => (model.TrainedCount * (StateBytes(model) + (training.OffloadGradients ? Wide : 0)))
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
            SamplingMemory memory = SamplingMemory.Of(_work.Model, sampling, _work.Fused);
            yield return Phase("sample", ("KV cache", memory.Cache), ("activations", memory.Activations), ("logits", memory.Logits));
        }

        if (_work is { ScoringTokens: > 0, Student: { } student })
        {
            PassMemory memory = Larger(Score(_work.Model), Score(student));
            yield return Phase("score", ("activations", memory.Activations), ("logits", memory.Logits));
        }

        if (_work.HasReference)
        {
            PassMemory memory = Score(_work.Model with { Lora = null });
            yield return Phase("reference", ("activations", memory.Activations), ("logits", memory.Logits));
        }

        if (_work.Training is { } training)
        {
            long sums = training.OffloadGradients ? 0 : Wide * _work.Model.TrainedCount;
            PassShape pass = Pass(training.MicroBatchTokens);
            PassMemory memory = PassMemory.Training(_work.Model, pass, _work.Fused, training.KeepGraphs);
            if (_work.Teacher is { } teacher)
            {
                PassMemory asked = PassMemory.Scoring(teacher, pass, _work.Fused);
                yield return Phase("teacher", ("gradients", sums), ("activations", asked.Activations), ("logits", asked.Logits));
                memory = memory with { Logits = memory.Logits + PassMemory.Compared(_work.Model, teacher, pass) };
            }

            yield return Phase(Backward, ("gradients", sums + memory.LayerGradients), ("activations", memory.Activations), ("logits", memory.Logits));
            yield return Phase("optimizer", ("gradients", sums), ("update", UpdateBytes(training, _work.Model)));
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
            _work.Model, _work.Sampling! with { Rows = Math.Min(_work.Sampling.Rows, _work.StudentRows), Group = 1 }, _work.Fused);
        PassMemory pass = PassMemory.Training(student, PassShape.Of(training.MicroBatchTokens, 0, _work.LongestSequence), _work.Fused, training.KeepGraphs);
        long sums = training.OffloadGradients ? 0 : Wide * student.TrainedCount;
        PlanPhase learning = Phase("refresh", ("gradients", sums + pass.LayerGradients),
            ("activations", pass.Activations), ("logits", pass.Logits), ("update", UpdateBytes(training, student)));
        PlanPhase explaining = Phase("refresh", ("KV cache", sampling.Cache), ("activations", sampling.Activations), ("logits", sampling.Logits));
        return learning.Bytes > explaining.Bytes ? learning : explaining;
    }

    private PlanPhase Phase(string name, params ReadOnlySpan<(string Name, long Bytes)> passing)
    {
        List<(string Name, long Bytes)> parts =
        [
            ("weights", _work.Model.WeightBytes),
            ("reference weights", _work.HasReference && _work.Model.Lora is null ? _work.Model.WeightBytes : 0),
            ("student weights", _work.StudentIsApart ? _work.Student?.WeightBytes ?? 0 : 0),
            ("teacher weights", _work.TeacherIsApart ? _work.Teacher?.WeightBytes ?? 0 : 0),
            ("optimizer state", _work.Training is { OffloadOptimizer: false } ? Learners.Sum(model => StateBytes(model) * model.TrainedCount) : 0),
            .. passing,
        ];
        return new PlanPhase(name, [.. parts.Where(part => part.Bytes > 0).Select(part => new PlanPart(part.Name, part.Bytes))]);
    }

    private PassMemory Score(ModelSize model) => PassMemory.Scoring(model, Pass(_work.ScoringTokens), _work.Fused);

    private PassShape Pass(int tokens) => PassShape.Of(tokens, _work.SharedTokens, _work.LongestSequence);

    // Plain operators make a denominator and its root; weights of another device are copied whole.
    private long UpdateBytes(TrainingLoad training, ModelSize model) => _work.Fused || training.OffloadOptimizer ? 0 : 2 * Wide * model.LargestTrained;

    private static PassMemory Larger(PassMemory one, PassMemory other) => one.Bytes >= other.Bytes ? one : other;
}
