using System.Text.Json.Nodes;
using Rlt.Models;
using Rlt.Models.Adapters;
using Rlt.Models.Safetensors;
using Rlt.Runs;
using static TorchSharp.torch;

namespace Rlt.Training;

/// <summary>
/// Saves and restores everything a run needs to go on: the model as a Hugging Face directory (adapters alone, where they alone
/// are trained), the optimizer's moments and master weights, the reference's weights, the step. A checkpoint is complete or absent: it is written beside and renamed.
/// </summary>
public sealed class TrainingCheckpoint(RunFolder folder, LanguageModel model, AdamW optimizer, Decoder? reference)
{
    private const string OptimizerFile = "optimizer.safetensors";
    private const string ReferenceFile = "reference.safetensors";
    private const string StateFile = "trainer_state.json";

    /// <summary>Writes the state after <paramref name="step"/> steps, then drops older checkpoints.</summary>
    public void Save(int step)
    {
        string final = folder.Checkpoint(step);
        string partial = final + ".partial";
        if (Directory.Exists(partial))
        {
            Directory.Delete(partial, recursive: true);
        }

        model.Save(partial);
        WriteTensors(Path.Combine(partial, OptimizerFile), optimizer.State);
        if (reference is not null)
        {
            WriteTensors(Path.Combine(partial, ReferenceFile), reference.Parameters.ToDictionary(p => p.Name, p => p.Value));
        }

        AtomicFile.WriteText(Path.Combine(partial, StateFile), new JsonObject { ["step"] = step, ["optimizer_steps"] = optimizer.Steps }.ToJsonString());
        if (Directory.Exists(final))
        {
            Directory.Delete(final, recursive: true);
        }

        Directory.Move(partial, final);
        foreach (int old in folder.CheckpointSteps().Where(other => other < step))
        {
            Directory.Delete(folder.Checkpoint(old), recursive: true);
        }
    }

    /// <summary>Restores the newest checkpoint.</summary>
    /// <returns>The steps already done; 0 where there is no checkpoint.</returns>
    public int ResumeOrStart()
    {
        if (folder.CheckpointSteps() is not [.., int step])
        {
            folder.KeepStepsUpTo(0);
            return 0;
        }

        string directory = folder.Checkpoint(step);
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
            ReadTensors(Path.Combine(directory, ReferenceFile), reference.Parameters.ToDictionary(p => p.Name, p => p.Value));
        }

        JsonObject state = RunRows.ReadObject(Path.Combine(directory, StateFile));
        optimizer.Steps = state["optimizer_steps"]?.GetValue<int>()
            ?? throw new CheckpointException($"{Path.Combine(directory, StateFile)}: 'optimizer_steps' is missing. Remove this checkpoint to begin anew.");
        folder.KeepStepsUpTo(step);
        return step;
    }

    private void RestoreAllWeights(string directory)
    {
        using WeightFiles weights = WeightFiles.Open(directory);
        foreach (Parameter parameter in model.Decoder.Parameters)
        {
            Restore(weights.Entries[parameter.Name].File, parameter.Name, parameter.Value);
        }
    }

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
            if (!file.Entries.ContainsKey(name))
            {
                throw new CheckpointException($"{path}: '{name}' is missing. Was the run's config changed? Remove this checkpoint to resume from the one before.");
            }

            Restore(file, name, target);
        }
    }

    private static void Restore(SafetensorsFile file, string name, Tensor target)
    {
        using var noGrad = no_grad();
        using Tensor stored = TensorBytes.Read(file, file.Entries[name], target.dtype, target.device);
        target.copy_(stored);
    }
}
