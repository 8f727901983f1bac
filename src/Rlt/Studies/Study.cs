using Rlt.Studies.Settings;
using Rlt.Studies.Sources;

namespace Rlt.Studies;

/// <summary>An experiment's figures, section by section.</summary>
/// <remarks>
/// A study computes from finished runs alone and runs nothing. <c>Settings</c> has what a study's YAML says, <c>Sources</c> reads the runs,
/// <c>Reports</c> writes what came of them; the statistics are evaluation's.
/// </remarks>
/// <param name="Config">What the study is of.</param>
/// <param name="Sections">The sections, all of them, even if no run is there.</param>
public sealed record Study(StudyConfig Config, IReadOnlyList<StudySection> Sections)
{
    /// <summary>Reads and computes a study.</summary>
    /// <param name="config">What it is of.</param>
    /// <param name="partial">Whether runs that are not there are left out, and told of.</param>
    /// <exception cref="DataException">A run is not there or cannot be read, or compared arms were not asked the same questions.</exception>
    public static Study Of(StudyConfig config, bool partial)
    {
        var runs = new StudyRuns(config, partial);
        StudySection[] sections = [.. config.Sections.Select(section => StudySection.Of(section, runs))];
        return sections.Any(section => section.Arms.Count > 0)
            ? new Study(config, sections)
            : throw new DataException($"{config.Runs}: none of the study's runs is there; expected at least one. Correct the paths or --runs.");
    }
}
