using System.Globalization;
using Rlt.Evaluation;
using Rlt.Studies.Settings;

namespace Rlt.Studies.Sources;

/// <summary>Finds and reads an experiment's runs, each of them once.</summary>
/// <param name="config">The study.</param>
/// <param name="partial">Whether runs that are not there are left out, and told of, instead of being an error.</param>
public sealed class StudyRuns(StudyConfig config, bool partial)
{
    private readonly Dictionary<string, EvalScores> _evaluations = [];
    private readonly Dictionary<string, TraceFigures> _traces = [];
    private readonly Dictionary<string, TeacherFigures> _teachers = [];
    private readonly string[] _traceFields =
        [.. TraceFigures.Shown.Concat(config.Sections.Select(section => section.Correlation?.X).OfType<string>()).Distinct()];

    /// <summary>An arm's runs, one for each seed that is there.</summary>
    /// <param name="section">The arm's section, for messages.</param>
    /// <param name="arm">The arm.</param>
    /// <param name="missing">Takes what is not there, in words.</param>
    /// <exception cref="DataException">A run is not there, unless that is allowed, or it cannot be read.</exception>
    public IEnumerable<ArmRun> Find(SectionConfig section, ArmConfig arm, List<string> missing)
    {
        foreach (int seed in section.Seeds ?? config.Seeds)
        {
            string eval = PathOf(arm.Eval, seed);
            string? traces = arm.Traces is null ? null : PathOf(arm.Traces, seed), teacher = arm.Teacher is null ? null : PathOf(arm.Teacher, seed);
            if (Absent(eval, traces, teacher) is { } absent)
            {
                string what = $"{section.Title}: arm '{arm.Name}', seed {seed}: {absent}";
                missing.Add(partial ? what : throw new DataException($"{what}. Run it, correct the path or --runs, or give --partial to leave it out."));
                continue;
            }

            yield return new ArmRun(
                seed,
                Once(_evaluations, eval, EvalScores.Read),
                traces is null ? null : Once(_traces, traces, path => TraceFigures.Read(path, _traceFields)),
                teacher is null ? null : Once(_teachers, teacher, TeacherFigures.Read));
        }
    }

    private string PathOf(string path, int seed) =>
        Path.Combine(config.Runs, path.Replace("{seed}", seed.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal));

    // eval writes its summary last; rows without it are of a run that has not ended.
    private static string? Absent(string eval, string? traces, string? teacher)
    {
        string[] results = [.. new[] { Evaluator.SummaryName, Evaluator.FileName }.Where(name => !File.Exists(Path.Combine(eval, name)))];
        return results.Length > 0 ? $"{eval} is no finished run of eval (no {results[0]})"
            : traces is not null && !File.Exists(traces) ? $"{traces} is not there (traces)"
            : teacher is not null && !File.Exists(Path.Combine(teacher, TeacherFigures.FileName))
                ? $"{teacher} is no run of train-teacher (no {TeacherFigures.FileName})"
            : null;
    }

    private static T Once<T>(Dictionary<string, T> known, string path, Func<string, T> read)
    {
        if (!known.TryGetValue(path, out T? value))
        {
            known[path] = value = read(path);
        }

        return value;
    }
}
