using Rlt.Runs;
using Rlt.Teaching.Rewards;

namespace Rlt.Teaching;

/// <summary>The format and the reward by which a teacher's explanations are read and scored.</summary>
/// <param name="FormatName">The format's name or file.</param>
/// <param name="Format">The format.</param>
/// <param name="Reward">The reward.</param>
/// <param name="Said">What a user should know of where they come from, for one line; null for nothing.</param>
/// <param name="Warnings">In what they, or the student, are not those of the teacher's training.</param>
public sealed record TeacherSettings(string FormatName, PromptFormat Format, RewardOptions Reward, string? Said, IReadOnlyList<string> Warnings)
{
    /// <summary>What is asked for and, where nothing is, what the teacher was trained with.</summary>
    /// <param name="teacher">The teacher's directory.</param>
    /// <param name="student">The student's directory; null where nothing is scored.</param>
    /// <param name="format">The format asked for; null for the teacher's.</param>
    /// <param name="reward">The reward asked for; null for the teacher's, and the paper's where it has none.</param>
    /// <param name="otherwise">The format where neither says one; null refuses.</param>
    /// <exception cref="ConfigException">There is no format, or the teacher's file is damaged.</exception>
    public static TeacherSettings Of(string teacher, string? student, string? format, RewardOptions? reward, string? otherwise = null)
    {
        if (TeacherRecord.Read(teacher) is not { } trained)
        {
            string name = format ?? otherwise ?? throw new ConfigException(
                $"format: missing, and {teacher} has no {TeacherRecord.FileName} that tells it; "
                    + "expected stratos, r1, small, or a file like those in configs/formats/");
            return new TeacherSettings(name, PromptFormat.Load(name), reward ?? new RewardOptions(), null, []);
        }

        string file = Path.Combine(teacher, TeacherRecord.FileName);
        string?[] settings = [format is null ? $"format {trained.Format}" : null, student is not null && reward is null ? "reward" : null];
        string[] taken = [.. settings.OfType<string>()];
        PromptFormat tags = format is null ? trained.Tags : PromptFormat.Load(format);
        return new TeacherSettings(
            format ?? trained.Format, tags, reward ?? trained.Reward,
            taken.Length == 0 ? null : $"{string.Join(" and ", taken)} as in the teacher's training ({file})",
            [.. Others(trained, tags, student, reward).Select(other => $"{other.Kind}: not that of the teacher's training ({file}): {other.What}")]);
    }

    private static IEnumerable<(string Kind, string What)> Others(TeacherRecord trained, PromptFormat tags, string? student, RewardOptions? reward)
    {
        if (TeacherRecord.Differences(trained.Tags, tags) is { Count: > 0 } format)
        {
            yield return ("format", string.Join("; ", format));
        }

        if (student is not null && reward is not null && TeacherRecord.Differences(trained.Reward, reward) is { Count: > 0 } weights)
        {
            yield return ("reward", string.Join("; ", weights));
        }

        if (student is not null && Directory.Exists(student) && Fingerprint.OfModel(student) != trained.StudentSha256)
        {
            yield return ("student", $"{trained.Student} there, {student} here");
        }
    }
}
