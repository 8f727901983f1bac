using Rlt.Configuration;
using Rlt.Teaching.Rewards;
using Rlt.Training.Grpo;

namespace Rlt.Training.Teacher;

/// <summary>Training a teacher by GRPO on the RLT reward.</summary>
public sealed record TeacherConfig : GrpoConfig
{
    /// <summary>The student that scores explanations; frozen, unless there is a student_refresh.</summary>
    [ConfigPath(PathKind.Model)]
    public required string Student { get; init; }

    /// <summary>The tags and system prompts: a shipped format's name (stratos, r1, small) or a file.</summary>
    [ConfigPath(PathKind.FileOrName)]
    public required string Format { get; init; }

    /// <summary>The reward's weights.</summary>
    public RewardOptions Reward { get; init; } = new();

    /// <summary>
    /// Lets the student follow: every so many steps it is distilled on the teacher's newest explanations, and the finished one is in the run's <c>student</c>.
    /// Rewards before and after a refresh are of different judges. Null: it is frozen, as in the paper.
    /// </summary>
    public StudentRefresh? StudentRefresh { get; init; }

    /// <summary>Whether the student has weights of its own, not the policy's beside its adapters.</summary>
    public bool StudentIsApart => Lora is null || StudentRefresh is not null || Folder(Student) != Folder(Model);

    private static string Folder(string path) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
}
