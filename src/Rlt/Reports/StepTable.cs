using System.Globalization;
using System.Text.Json.Nodes;
using Rlt.Files;
using Rlt.Runs;

namespace Rlt.Reports;

/// <summary>A run's metrics as CSV for trackers that import it: a column <c>step</c>, one for each other figure, a row a step.</summary>
public static class StepTable
{
    /// <summary>Writes a file NAME.csv for each run.</summary>
    /// <param name="runs">Run directories, or NAME=DIRECTORY.</param>
    /// <param name="directory">Where the files go; created where absent.</param>
    /// <returns>The files.</returns>
    /// <exception cref="DataException">A run has no metrics, or two runs have one name.</exception>
    public static IReadOnlyList<string> Write(IEnumerable<string> runs, string directory)
    {
        var written = new List<string>();
        foreach ((string? given, string run) in runs.Select(RunFolders.Named))
        {
            string metrics = Path.Combine(run, RunFolder.MetricsFile);
            IReadOnlyList<JsonObject> rows = RunRows.Read(metrics);
            string file = Path.Combine(directory, $"{given ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(run))}.csv");
            if (rows.Count == 0 || written.Contains(file))
            {
                throw new DataException(rows.Count == 0 ? $"{metrics}: no steps are there; expected a run's figures."
                    : $"{run}: another run's steps are in {file} already. Name the runs: NAME={run}");
            }

            AtomicFile.WriteText(file, Csv(rows));
            written.Add(file);
        }

        return written;
    }

    // Figures alone, which need no quotes; a figure that a step lacks is an empty cell.
    private static string Csv(IReadOnlyList<JsonObject> rows)
    {
        string[] names = [.. rows.SelectMany(row => row).Where(field => Number(field.Value) is not null).Select(field => field.Key)
            .Distinct().OrderBy(name => name != "step")];
        IEnumerable<string> lines = rows.Select(row => string.Join(',', names.Select(name => Number(row[name])?.ToString("R", CultureInfo.InvariantCulture))));
        return string.Join('\n', lines.Prepend(string.Join(',', names))) + "\n";
    }

    private static double? Number(JsonNode? value) => value is JsonValue cell && cell.TryGetValue(out double number) ? number : null;
}
