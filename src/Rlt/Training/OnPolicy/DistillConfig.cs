using System.Text.Json.Serialization;
using Rlt.Configuration;
using Rlt.Training.Sft;

namespace Rlt.Training.OnPolicy;

/// <summary>How a student is distilled.</summary>
public enum DistillMethod
{
    /// <summary>Supervised fine-tuning on given traces.</summary>
    Sft,

    /// <summary>On-policy distillation: the student answers, and moves toward a teacher's distribution on its own tokens.</summary>
    Opd,
}

/// <summary>A student's distillation.</summary>
public sealed record DistillConfig : SftConfig
{
    /// <summary>sft or opd.</summary>
    public DistillMethod Method { get; init; }

    /// <summary>The settings of method opd; null: its defaults.</summary>
    [JsonPropertyOrder(1)]
    public OnPolicyConfig? Opd { get; init; }

    /// <summary>The same, whether they are given or not.</summary>
    public OnPolicyConfig OnPolicy => Opd ?? new();

    /// <summary>Whether the teacher has weights of its own, not the student's beside its adapters.</summary>
    public bool TeacherIsApart => OnPolicy.Teacher.Server.Url is null && (Lora is null || OnPolicy.Teacher.Model is not null);

    /// <inheritdoc/>
    public override BestMetric HeldOutMetric => Method == DistillMethod.Opd ? BestMetric.HeldOutAccuracy : base.HeldOutMetric;

    /// <inheritdoc/>
    public override IEnumerable<ConfigProblem> Problems() => [.. base.Problems(), .. Method == DistillMethod.Opd ? OnPolicyProblems() : SftProblems()];

    private IEnumerable<ConfigProblem> SftProblems() =>
        Opd is null ? [] : [new ConfigProblem(nameof(Opd), "is given, but method is sft. Set method: opd, or leave it out")];

    private IEnumerable<ConfigProblem> OnPolicyProblems()
    {
        if (Format is null)
        {
            yield return new ConfigProblem(nameof(Format), "is missing; method opd needs one (stratos, r1, small, or a file like those in configs/formats/)");
        }

        if (Target is not (null or SftTarget.Student))
        {
            yield return new ConfigProblem(nameof(Target), $"is {Target.ToString()!.ToLowerInvariant()}, but method opd trains a student. Leave it out");
        }

        if (Weights != TraceWeighting.None)
        {
            yield return new ConfigProblem(nameof(Weights), "is reward, but method opd weighs answers by the teacher's distribution. Leave it out");
        }

        if (Weights != TraceWeighting.None)
        {
            yield return new ConfigProblem(nameof(Weights), "is reward, but method opd weighs its own answers alike. Leave it out, or set method: sft");
        }

        if (OnPolicy.Samples > 0 && BatchSize % OnPolicy.Samples != 0)
        {
            yield return new ConfigProblem(nameof(BatchSize), $"is {BatchSize}, no multiple of the {OnPolicy.Samples} samples of a question (opd.samples)");
        }

        if (Opd is null)
        {
            foreach (ConfigProblem problem in new OnPolicyTeacher().Problems())
            {
                yield return problem with { Key = "opd.teacher.model" };
            }
        }

        if (Lora is not null && OnPolicy.Teacher.Ema > 0)
        {
            yield return new ConfigProblem("opd.teacher.ema",
                $"is {OnPolicy.Teacher.Ema}; with lora the teacher is the base model itself, which stays as it is. Set it to 0");
        }
    }
}
