using System.Text.Json.Nodes;
using Rlt.Files;
using Rlt.Models;
using Rlt.Models.Adapters;
using Rlt.Models.Safetensors;
using Rlt.Platform;
using Rlt.Runs;
using Rlt.Training.Optimization;
using static TorchSharp.torch;

namespace Rlt.Training;

/// <summary>
/// Saves and restores everything a run needs to go on: the model as a Hugging Face directory (adapters alone, where they alone
/// are trained), the optimizer's moments and master weights, the reference's weights, a live student with its optimizer, the step. A checkpoint is complete or absent: it is
/// written beside and renamed; and it is used only as long as its files have the checksums that they were saved with.
/// </summary>
/// <remarks>
/// Nothing else has to be kept: the order of the data, the samples, dropout and the learning rate are functions of seed and step.
/// </remarks>
public sealed class TrainingCheckpoint(RunFolder folder, LanguageModel model, AdamW optimizer, Decoder? reference, CheckpointPolicy policy)
{
    private const string OptimizerFile = "optimizer.safetensors";
    private const string ReferenceFile = "reference.safetensors";
    private const string StudentFile = "student.safetensors";
    private const string StudentOptimizerFile = "student_optimizer.safetensors";
    private const string StudentSteps = "student_optimizer_steps";
    private const string StateFile = "trainer_state.json";
    private const string ScoredBy = "scored_by";
    private const string ComputedBy = "computed_by";

    /// <summary>A student that learns beside the model; null for none.</summary>
    public Learner? Student { get; init; }

    /// <summary>Writes the state after <paramref name="step"/> steps, then drops the checkpoints that the policy does not keep.</summary>
    public void Save(int step)
    {
        double? score = policy.Score(RunRows.Read(folder.Metrics));
        AtomicDirectory.Write(folder.Checkpoint(step), directory =>
        {
            model.Save(directory);
            WriteTensors(Path.Combine(directory, OptimizerFile), optimizer.State);
            if (reference is not null)
            {
                WriteTensors(Path.Combine(directory, ReferenceFile), Weights(reference));
            }

            if (Student is not null)
            {
                WriteTensors(Path.Combine(directory, StudentFile), Weights(Student.Model.Decoder));
                WriteTensors(Path.Combine(directory, StudentOptimizerFile), Student.Optimizer.State);
            }

            var state = new JsonObject { ["step"] = step, ["optimizer_steps"] = optimizer.Steps, ["score"] = score, [ScoredBy] = policy.BestBy?.Name, [ComputedBy] = TorchLibrary.Computing };
            if (Student is not null)
            {
                state[StudentSteps] = Student.Optimizer.Steps;
            }

            AtomicFile.WriteText(Path.Combine(directory, StateFile), state.ToJsonString() + "\n");
            Checksums.Write(directory);
        });
        foreach (int old in policy.Dropped([.. folder.CheckpointSteps().Select(other => (other, ScoreOf(folder, other, policy)))], step))
        {
            AtomicDirectory.Remove(folder.Checkpoint(old));
        }
    }

    /// <summary>Restores the newest checkpoint that is as it was saved.</summary>
    /// <param name="warn">Is told of newer ones that are not, and where the numbers from here on may differ from an uninterrupted run's.</param>
    /// <returns>The steps already done; 0 where there is no checkpoint.</returns>
    /// <exception cref="CheckpointException">There are checkpoints, and none can be used.</exception>
    public int ResumeOrStart(Action<string> warn)
    {
        IReadOnlyList<int> steps = folder.CheckpointSteps();
        foreach (int step in steps.Reverse())
        {
            if (Checksums.Problem(folder.Checkpoint(step)) is not { } problem)
            {
                Restore(folder.Checkpoint(step), warn);
                folder.KeepStepsUpTo(step);
                return step;
            }

            warn($"{folder.Checkpoint(step)} is damaged: {problem}. The checkpoint before it is used");
        }

        if (steps.Count > 0)
        {
            throw new CheckpointException(
                $"{Path.GetDirectoryName(folder.Checkpoint(steps[0]))}: none of the {steps.Count} checkpoints is as it was saved. "
                    + "Delete this folder to begin the run anew, or bring an intact checkpoint back.");
        }

        folder.KeepStepsUpTo(0);
        return 0;
    }

    /// <summary>A run's model with the highest score among its checkpoints and, where it has ended, its finished model; null where none has one.</summary>
    /// <param name="folder">The run.</param>
    /// <param name="policy">How its models are scored.</param>
    public static ScoredModel? Best(RunFolder folder, CheckpointPolicy policy) => folder.CheckpointSteps()
        .Select(step => Scored(folder.Checkpoint(step), step, ScoreOf(folder, step, policy), policy))
        .Prepend(Finished(folder, policy))
        .Where(model => model is not null)
        .MaxBy(model => policy.BestBy!.Gain(model!.Score, 0));

    /// <summary>A finished run's model with its score; null where the run has not ended, or keeps no best.</summary>
    /// <inheritdoc cref="Best"/>
    public static ScoredModel? Finished(RunFolder folder, CheckpointPolicy policy)
    {
        if (!folder.IsFinished || policy.BestBy is null)
        {
            return null;
        }

        IReadOnlyList<JsonObject> metrics = RunRows.Read(folder.Metrics);
        return Scored(folder.Model, metrics.Count, policy.Score(metrics), policy);
    }

    private static ScoredModel? Scored(string directory, int steps, double? score, CheckpointPolicy policy) =>
        score is { } mean && policy.Scored(steps) is var (first, last) ? new ScoredModel(directory, mean, first, last) : null;

    // A checkpoint that cannot tell, or was scored by another metric, is not the best one; whether it can be used is seen where it is needed.
    private static double? ScoreOf(RunFolder folder, int step, CheckpointPolicy policy)
    {
        string path = Path.Combine(folder.Checkpoint(step), StateFile);
        try
        {
            return policy.BestBy is { } best && File.Exists(path) && RunRows.ReadObject(path) is var state
                && ((state[ScoredBy] as JsonValue)?.ToString() ?? BestMetric.Reward.Name) == best.Name
                && state["score"] is JsonValue value && value.TryGetValue(out double score) ? score : null;
        }
        catch (DataException)
        {
            return null;
        }
    }

    private void Restore(string directory, Action<string> warn)
    {
        if (model.Decoder.Adapters is { } adapters)
        {
            ReadTensors(Path.Combine(directory, AdapterFiles.WeightsFileName), adapters.Parameters.ToDictionary(p => p.Name, p => p.Value));
        }
        else
        {
            RestoreAllWeights(directory);
        }

        ReadTensors(Path.Combine(directory, OptimizerFile), optimizer.State);
        if (reference is not null)
        {
            ReadTensors(Path.Combine(directory, ReferenceFile), Weights(reference));
        }

        string path = Path.Combine(directory, StateFile);
        JsonObject state = RunRows.ReadObject(path);
        optimizer.Steps = (int)RunRows.Count(path, state, "optimizer_steps", int.MaxValue);
        if (Student is not null)
        {
            ReadTensors(Path.Combine(directory, StudentFile), Weights(Student.Model.Decoder));
            ReadTensors(Path.Combine(directory, StudentOptimizerFile), Student.Optimizer.State);
            Student.Optimizer.Steps = (int)RunRows.Count(path, state, StudentSteps, int.MaxValue);
        }

        // Sums in another order: the same mathematics, other last digits.
        string earlier = (state[ComputedBy] as JsonValue)?.ToString() ?? "an earlier version of rlt";
        if (earlier != TorchLibrary.Computing)
        {
            warn($"{directory} was computed by {earlier}, and {TorchLibrary.Computing} goes on: "
                + "from here on the numbers may differ in their last digits from those of a run that was not interrupted");
        }
    }

    private void RestoreAllWeights(string directory)
    {
        using WeightFiles weights = WeightFiles.Open(directory);
        foreach (Parameter parameter in model.Decoder.Parameters)
        {
            if (!weights.Entries.TryGetValue(parameter.Name, out (SafetensorsFile File, TensorEntry Entry) stored))
            {
                throw Missing(directory, parameter.Name);
            }

            Restore(stored.File, stored.Entry, parameter.Value);
        }
    }

    private static Dictionary<string, Tensor> Weights(Decoder of) => of.Parameters.ToDictionary(p => p.Name, p => p.Value);

    private static void WriteTensors(string path, IReadOnlyDictionary<string, Tensor> tensors)
    {
        TensorSpec[] specs = [.. tensors.Select(pair => new TensorSpec(pair.Key, pair.Value.dtype.ToStoredType(), pair.Value.shape))];
        SafetensorsWriter.WriteFile(path, specs, (spec, stream) => TensorBytes.Write(tensors[spec.Name], stream));
    }

    private static void ReadTensors(string path, IReadOnlyDictionary<string, Tensor> targets)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        foreach ((string name, Tensor target) in targets)
        {
            Restore(file, file.Entries.TryGetValue(name, out TensorEntry? entry) ? entry : throw Missing(path, name), target);
        }
    }

    // Another type or shape would be converted or repeated to fit, and the run would go on from other numbers than it had.
    private static void Restore(SafetensorsFile file, TensorEntry entry, Tensor target)
    {
        if (entry.Type != target.dtype.ToStoredType() || !entry.Shape.SequenceEqual(target.shape))
        {
            throw new CheckpointException(
                $"{file.Path}: '{entry.Name}' is {entry.Type} [{string.Join(", ", entry.Shape)}]; "
                    + $"this run has {target.dtype.ToStoredType()} [{string.Join(", ", target.shape)}] there. Is the run's model or dtype another one now?");
        }

        using var noGrad = no_grad();
        using Tensor stored = TensorBytes.Read(file, entry, target.dtype, target.device);
        target.copy_(stored);
    }

    private static CheckpointException Missing(string path, string name) => new($"{path}: '{name}' is missing. Is the run's model another one now?");
}

/// <summary>A model that a run has written, and how well its policy did.</summary>
/// <param name="Directory">Where it is.</param>
/// <param name="Score">The mean of the metric.</param>
/// <param name="FirstStep">The first of the steps that it is the mean of.</param>
/// <param name="LastStep">The last of them, after which the model was written.</param>
public sealed record ScoredModel(string Directory, double Score, int FirstStep, int LastStep);
