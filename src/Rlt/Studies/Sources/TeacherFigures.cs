using System.Text.Json.Nodes;
using Rlt.Runs;

namespace Rlt.Studies.Sources;

/// <summary>What a run of train-teacher came to.</summary>
/// <param name="Folder">The run's folder.</param>
/// <param name="Steps">Its steps.</param>
/// <param name="Means">Metrics with their means over the last steps.</param>
public sealed record TeacherFigures(string Folder, int Steps, IReadOnlyDictionary<string, double> Means)
{
    /// <summary>Steps that the means are taken over: a single one's reward is noisy.</summary>
    public const int LastSteps = 3;

    /// <summary>The metrics' name in the run's folder.</summary>
    public const string FileName = "metrics.jsonl";

    /// <summary>The metrics that tables show, in their order.</summary>
    public static IReadOnlyList<string> Shown { get; } =
        ["reward", "solution_score", "think_kl", "leaks_early", "copies_solution", "empty", "completion_tokens"];

    /// <summary>Reads a run.</summary>
    /// <exception cref="DataException">It is damaged, has no step, or is none of train-teacher.</exception>
    public static TeacherFigures Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        IReadOnlyList<JsonObject> steps = RunRows.Read(path);
        JsonObject[] last = [.. steps.TakeLast(LastSteps)];
        if (last.Length == 0 || last.Any(step => !step.ContainsKey("think_kl")))
        {
            throw new DataException($"{path}: {(last.Length == 0 ? "no steps" : "steps without 'think_kl'")}; expected a run of train-teacher.");
        }

        return new TeacherFigures(folder, steps.Count, Shown
            .Where(key => last.All(step => step.ContainsKey(key)))
            .ToDictionary(key => key, key => last.Average(step => RunRows.Number(path, step, key))));
    }
}
