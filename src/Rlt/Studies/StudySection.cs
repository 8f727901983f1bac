using Rlt.Studies.Settings;
using Rlt.Studies.Sources;

namespace Rlt.Studies;

/// <summary>A section with its arms' figures.</summary>
/// <param name="Config">What the study says of it.</param>
/// <param name="Arms">The arms that have runs.</param>
/// <param name="Comparisons">Its comparisons; null in place of one whose runs are not there.</param>
/// <param name="Correlation">Its correlation; null where it has none, or its runs are not there.</param>
/// <param name="Quotes">Explanations side by side.</param>
/// <param name="Missing">Runs that are not there, in words.</param>
public sealed record StudySection(
    SectionConfig Config, IReadOnlyList<StudyArm> Arms, IReadOnlyList<StudyComparison?> Comparisons,
    StudyCorrelation? Correlation, IReadOnlyList<QuotedQuestion> Quotes, IReadOnlyList<string> Missing)
{
    /// <summary>Reads and computes a section.</summary>
    public static StudySection Of(SectionConfig config, StudyRuns runs)
    {
        var missing = new List<string>();
        var arms = new List<StudyArm>();
        foreach (ArmConfig arm in config.Arms)
        {
            ArmRun[] found = [.. runs.Find(config, arm, missing)];
            if (found.Length > 0)
            {
                arms.Add(new StudyArm(arm, found));
            }
        }

        return new StudySection(
            config, arms,
            [.. config.Compare.Select(comparison =>
                Named(comparison.Arm) is { } arm && Named(comparison.Over) is { } over ? StudyComparison.Of(comparison, arm, over) : null)],
            config.Correlation is { } correlation ? StudyCorrelation.Of(correlation, AllNamed(correlation.Arms)) : null,
            config.Samples is { } samples ? QuotedQuestion.Of(samples.Questions, AllNamed(samples.Arms)) : [],
            missing);

        StudyArm? Named(string name) => arms.FirstOrDefault(arm => arm.Config.Name == name);
        IReadOnlyList<StudyArm> AllNamed(IEnumerable<string> names) => [.. names.Select(Named).OfType<StudyArm>()];
    }
}
