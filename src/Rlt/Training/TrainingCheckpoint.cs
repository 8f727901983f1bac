using System.Text.Json.Nodes;
using Rlt.Files;
using Rlt.Models;
using Rlt.Models.Adapters;
using Rlt.Models.Safetensors;
using Rlt.Platform;
using Rlt.Runs;
using Rlt.Training.Optimization;

namespace Rlt.Training;

/// <summary>
/// Saves and restores everything a run needs to go on: the model as a Hugging Face directory (adapters alone, where they alone
/// are trained), the optimizer's moments and master weights, the reference's weights, a live student with its optimizer,
/// the step. A checkpoint is complete or absent: it is
/// written beside and renamed; and it is used only as long as its files have the checksums that they were saved with.
/// </summary>
/// <remarks>
/// Nothing else has to be kept: the order of the data, the samples, dropout and the learning rate are functions of seed and step.
/// </remarks>
public sealed class TrainingCheckpoint(RunFolder folder, LanguageModel model, AdamW optimizer, Decoder? reference, CheckpointPolicy policy)
{
    private const string Optimizer = "optimizer";
    private const string ReferenceFile = "reference.safetensors";
    private const string StudentFile = "student.safetensors";
    private const string StudentOptimizer = "student_optimizer";
    private const string StudentSteps = "student_optimizer_steps";
    private const string StateFile = "trainer_state.json";
    private const string ScoredBy = "scored_by";
    private const string ComputedBy = "computed_by";
    private const string Ranks = "ranks";

    /// <summary>A student that learns beside the model; null for none.</summary>
    public Learner? Student { get; init; }

    /// <summary>Writes the state after <paramref name="step"/> steps, then drops the checkpoints that the policy does not keep.</summary>
    public void Save(int step)
    {
        double? score = policy.Score(RunRows.Read(folder.Metrics));
        AtomicDirectory.Write(folder.Checkpoint(step), directory =>
        {
            model.Save(directory);
            OptimizerFiles.Save(optimizer, directory, Optimizer);
            if (reference is not null)
            {
                WriteWeights(Path.Combine(directory, ReferenceFile), reference);
            }

            var state = new JsonObject
            {
                ["step"] = step, ["optimizer_steps"] = optimizer.Steps, ["score"] = score, [ScoredBy] = policy.BestBy?.Name,
                [ComputedBy] = TorchLibrary.Computing, [Ranks] = optimizer.Sharding.Ranks.Size,
            };
            if (Student is not null)
            {
                WriteWeights(Path.Combine(directory, StudentFile), Student.Model.Decoder);
                OptimizerFiles.Save(Student.Optimizer, directory, StudentOptimizer);
                state[StudentSteps] = Student.Optimizer.Steps;
            }

            AtomicFile.WriteText(Path.Combine(directory, StateFile), state.ToJsonString() + "\n");
            Checksums.Write(directory);
        });
        if (!WritingProcess.IsThis)
        {
            return;
        }

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
            string file = Path.Combine(directory, AdapterFiles.WeightsFileName);
            using SafetensorsFile stored = SafetensorsFile.Open(file);
            RestoreWeights(adapters.Parameters, file, name => stored.Entries.TryGetValue(name, out TensorEntry? entry) ? (stored, entry) : null);
        }
        else
        {
            RestoreAllWeights(directory);
        }

        OptimizerFiles.Restore(optimizer, directory, Optimizer);
        if (reference is not null)
        {
            RestoreWeights(reference, Path.Combine(directory, ReferenceFile));
        }

        string path = Path.Combine(directory, StateFile);
        JsonObject state = RunRows.ReadObject(path);
        optimizer.Steps = (int)RunRows.Count(path, state, "optimizer_steps", int.MaxValue);
        if (Student is not null)
        {
            RestoreWeights(Student.Model.Decoder, Path.Combine(directory, StudentFile));
            OptimizerFiles.Restore(Student.Optimizer, directory, StudentOptimizer);
            Student.Optimizer.Steps = (int)RunRows.Count(path, state, StudentSteps, int.MaxValue);
        }

        // Sums in another order: the same mathematics, other last digits.
        string earlier = (state[ComputedBy] as JsonValue)?.ToString() ?? "an earlier version of rlt";
        if (earlier != TorchLibrary.Computing)
        {
            warn($"{directory} was computed by {earlier}, and {TorchLibrary.Computing} goes on: "
                + "from here on the numbers may differ in their last digits from those of a run that was not interrupted");
        }

        long ranks = state.ContainsKey(Ranks) ? RunRows.Count(path, state, Ranks, int.MaxValue) : 1;
        if (ranks != optimizer.Sharding.Ranks.Size)
        {
            warn($"{directory} was computed by {ranks} ranks, and {optimizer.Sharding.Ranks.Size} go on: "
                + "sums are taken in another order from here on, so that numbers may differ in their last digits");
        }
    }

    private void RestoreAllWeights(string directory)
    {
        using WeightFiles weights = WeightFiles.Open(directory);
        RestoreWeights(
            model.Decoder.Parameters, directory, name => weights.Entries.TryGetValue(name, out (SafetensorsFile, TensorEntry) stored) ? stored : null);
    }

    private static void RestoreWeights(
        IEnumerable<Parameter> parameters, string path, Func<string, (SafetensorsFile File, TensorEntry Entry)?> stored)
    {
        foreach (Parameter parameter in parameters)
        {
            (SafetensorsFile file, TensorEntry entry) = stored(parameter.Name) ?? throw Missing(path, parameter.Name);
            StoredState.RequireSame(file, entry, parameter.Value.dtype, parameter.Value.shape);
            parameter.Set(TensorBytes.Read(file, entry, parameter.Value.dtype, parameter.Value.device));
        }
    }

    private static void RestoreWeights(Decoder of, string path)
    {
        using SafetensorsFile stored = SafetensorsFile.Open(path);
        RestoreWeights(of.Parameters, path, name => stored.Entries.TryGetValue(name, out TensorEntry? entry) ? (stored, entry) : null);
    }

    private static void WriteWeights(string path, Decoder of)
    {
        var byName = of.Parameters.ToDictionary(parameter => parameter.Name);
        TensorSpec[] specs = [.. byName.Values.Select(p => new TensorSpec(p.Name, p.Value.dtype.ToStoredType(), p.Value.shape))];
        SafetensorsWriter.WriteFile(path, specs, (spec, stream) =>
        {
            using IDisposable? whole = GatheredWeights.Hold(byName[spec.Name], of.Sharding.Ranks);
            TensorBytes.Write(byName[spec.Name].Value, stream);
        });
    }

    private static CheckpointException Missing(string path, string name) => new($"{path}: '{name}' is missing. Is the run's model another one now?");
}

/// <summary>A model that a run has written, and how well its policy did.</summary>
/// <param name="Directory">Where it is.</param>
/// <param name="Score">The mean of the metric.</param>
/// <param name="FirstStep">The first of the steps that it is the mean of.</param>
/// <param name="LastStep">The last of them, after which the model was written.</param>
public sealed record ScoredModel(string Directory, double Score, int FirstStep, int LastStep);
