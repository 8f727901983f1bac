using Rlt.Models;
using Rlt.Training.Grpo;
using Rlt.Training.OnPolicy;
using Rlt.Training.Teacher;

namespace Rlt.Training;

/// <summary>The models beside a policy that do not learn. Adapters leave the policy's own weights as they are, so these may serve as well.</summary>
public static class FrozenModels
{
    /// <summary>The model of the KL penalty; null where the penalty has no weight.</summary>
    public static Decoder? Reference(GrpoConfig config, LanguageModel policy) =>
        config.Loss.Beta == 0 ? null
        : config.Lora is null ? ModelFiles.Load(config.Model, config.Device.ResolveDtype(), config.Device.Resolve())
        : policy.Decoder.WithoutAdapters();

    /// <summary>The student that scores a teacher's explanations; the one that may learn after all, where the config lets it.</summary>
    /// <exception cref="CheckpointException">It is to learn, and is made of adapters.</exception>
    public static LanguageModel Student(TeacherConfig config, LanguageModel policy, ModelText student) =>
        config.StudentRefresh is not null ? LanguageModel.LoadToTrain(student, config.Device, lora: null, config.Seed)
        : config.StudentIsApart ? LanguageModel.Load(student, config.Device) : policy.WithoutAdapters();

    /// <summary>The teacher of on-policy distillation: a model of its own, or the student's own first weights.</summary>
    public static LanguageModel Teacher(DistillConfig config, LanguageModel student, ModelText teacher) =>
        config.TeacherIsApart ? LanguageModel.Load(teacher, config.Device) : student.WithoutAdapters();
}
