using Rlt.Configuration;
using Rlt.Distributed;
using Rlt.Models;
using Rlt.Models.Adapters;
using Rlt.Planning;
using Rlt.Platform;
using Rlt.Training.Grpo;
using Rlt.Training.OnPolicy;
using Rlt.Training.Sft;
using Rlt.Training.Teacher;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlt.Training;

/// <summary>The memory plan's view of training configs. No weights are read.</summary>
public static class Workloads
{
    /// <summary>Whether the config's device is a GPU; whether it is there does not matter.</summary>
    public static bool OnGpu(DeviceConfig device) => device.Device.StartsWith("cuda", StringComparison.OrdinalIgnoreCase);

    /// <summary>Supervised fine-tuning.</summary>
    /// <param name="config">The settings.</param>
    /// <param name="model">The model's shape.</param>
    /// <param name="longest">Tokens of the longest sequence.</param>
    public static Workload Of(SftConfig config, ModelConfig model, int longest) => new()
    {
        Model = Size(model, config.Device, config.Lora),
        Fused = Fused(config.Device),
        OnGpu = OnGpu(config.Device),
        Ranks = Sharding.OfProcess.Ranks.Size,
        Stage = Sharding.OfProcess.Stage,
        Training = Training(config.MicroBatchTokens, config.Recompute, config.Optimizer),
        LongestSequence = longest,
    };

    /// <summary>On-policy distillation.</summary>
    /// <param name="config">The settings.</param>
    /// <param name="model">The student's shape.</param>
    /// <param name="teacher">The teacher's.</param>
    /// <param name="longestPrompt">Tokens of the student's longest prompt.</param>
    /// <param name="longest">Tokens of the longest given answer with its prompt; 0 where none is given.</param>
    public static Workload Of(DistillConfig config, ModelConfig model, ModelConfig teacher, int longestPrompt, int longest) =>
        Of(config, model, (int)Math.Min(Math.Max(longest, (long)longestPrompt + config.OnPolicy.MaxNewTokens), model.MaxPositions)) with
        {
            Sampling = config.OnPolicy.Lmbda == 0 ? null : new SamplingLoad(
                Math.Min(config.OnPolicy.SamplingRows, config.BatchSize), config.OnPolicy.Samples, longestPrompt, config.OnPolicy.MaxNewTokens),
            // What a server tells is compared over the student's own logits; there is no teacher's pass, which would be no peak.
            Teacher = Size(config.OnPolicy.Teacher.Server.Url is null ? teacher : model, config.Device),
            TeacherIsApart = config.TeacherIsApart,
            Samples = config.BatchSize,
            SharedTokens = config.OnPolicy.Samples > 1 ? longestPrompt : 0,
        };

    /// <summary>Training a policy by GRPO, whatever rewards it.</summary>
    /// <param name="config">The settings.</param>
    /// <param name="model">The policy's shape.</param>
    /// <param name="longestPrompt">Tokens of its longest prompt.</param>
    public static Workload Of(GrpoConfig config, ModelConfig model, int longestPrompt) => new()
    {
        Model = Size(model, config.Device, config.Lora),
        Fused = Fused(config.Device),
        OnGpu = OnGpu(config.Device),
        Ranks = Sharding.OfProcess.Ranks.Size,
        Stage = Sharding.OfProcess.Stage,
        HasReference = config.Loss.Beta != 0,
        Samples = (long)config.QuestionsPerStep * config.GroupSize,
        Sampling = new SamplingLoad((int)Math.Min(config.SamplingRows, (long)config.QuestionsPerStep * config.GroupSize),
            config.GroupSize, longestPrompt, config.MaxNewTokens),
        Training = Training(config.MicroBatchTokens, config.Recompute, config.Optimizer),
        ScoringTokens = config.ScoringTokens,
        SharedTokens = longestPrompt,
        LongestSequence = (int)Math.Min((long)longestPrompt + config.MaxNewTokens, model.MaxPositions),
    };

    /// <summary>Training a teacher.</summary>
    /// <param name="config">The settings.</param>
    /// <param name="model">The teacher's shape.</param>
    /// <param name="student">The student's.</param>
    /// <param name="longestPrompt">Tokens of the longest prompt of the teacher.</param>
    public static Workload Of(TeacherConfig config, ModelConfig model, ModelConfig student, int longestPrompt) => Of(config, model, longestPrompt) with
    {
        Student = Size(student, config.Device),
        StudentIsApart = config.StudentIsApart,
        StudentRows = config.StudentRefresh is { } refresh ? refresh.Steps * refresh.BatchSize : 0,
    };

    /// <summary>The model in the config's dtype or, where that is auto, in what it makes of config.json's own; float32 where that names none.</summary>
    public static ModelSize Size(ModelConfig model, DeviceConfig device, LoraConfig? lora = null)
    {
        DeviceType place = OnGpu(device) ? DeviceType.CUDA : DeviceType.CPU;
        ScalarType weights = device.ResolveDtype() ?? Precision.Auto(model.WeightType?.ToScalarType() ?? ScalarType.Float32, place);
        return new ModelSize(model, Precision.Bytes(weights), lora) { ActivationSize = Precision.Bytes(Precision.Activations(weights, place)) };
    }

    /// <summary>Whether the fused kernels compute.</summary>
    public static bool Fused(DeviceConfig device) => !OnGpu(device) && TorchLibrary.HasCpuKernels;

    private static TrainingLoad Training(int microBatchTokens, Recompute recompute, OptimizerConfig optimizer) =>
        new(microBatchTokens, recompute == Recompute.False, optimizer.Offload, optimizer.OffloadGradients);
}
