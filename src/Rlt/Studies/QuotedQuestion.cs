using Rlt.Data;
using Rlt.Studies.Sources;

namespace Rlt.Studies;

/// <summary>A question with its explanations by several arms' teachers.</summary>
/// <param name="Question">The question.</param>
/// <param name="Solution">Its solution; null where the traces have none.</param>
/// <param name="Explanations">For each arm its explanation.</param>
public sealed record QuotedQuestion(string Question, string? Solution, IReadOnlyList<(StudyArm Arm, string Text)> Explanations)
{
    /// <summary>The first questions of the first arm's traces that all arms explain, of the first seed that all arms have.</summary>
    public static IReadOnlyList<QuotedQuestion> Of(int count, IReadOnlyList<StudyArm> arms)
    {
        int[] seeds = arms.Count == 0 ? [] : [.. arms.Select(arm => arm.Runs.Select(run => run.Seed)).Aggregate((one, other) => one.Intersect(other))];
        if (seeds.Length == 0)
        {
            return [];
        }

        string[] files = [.. arms.Select(arm => arm.Runs.First(run => run.Seed == seeds[0]).Traces!.Path)];
        IEnumerable<string> shared = files.Select(file => Explained(file).Select(row => row.Text("question"))).Aggregate((one, other) => one.Intersect(other));
        return Quote([.. shared.Distinct().Take(count)], arms, files);
    }

    private static IReadOnlyList<QuotedQuestion> Quote(string[] questions, IReadOnlyList<StudyArm> arms, string[] files)
    {
        Dictionary<string, JsonRow>[] rows = [.. files.Select(file => FirstRows(file, questions))];
        return [.. questions.Select(question => new QuotedQuestion(
            question,
            rows[0][question].TextOrNull("solution"),
            [.. arms.Select((arm, i) => (arm, Text(rows[i][question])!))]))];
    }

    private static Dictionary<string, JsonRow> FirstRows(string file, string[] questions)
    {
        var rows = new Dictionary<string, JsonRow>();
        foreach (JsonRow row in Explained(file))
        {
            if (questions.Contains(row.Text("question")) && rows.TryAdd(row.Text("question"), row) && rows.Count == questions.Length)
            {
                break;
            }
        }

        return rows;
    }

    // Read row by row: traces can be longer than memory.
    private static IEnumerable<JsonRow> Explained(string file) =>
        JsonLines.Read(file).Where(row => !TraceFigures.IsDropped(row) && row.Has("question") && Text(row) is not null);

    private static string? Text(JsonRow row) => row.TextOrNull("explanation") ?? row.TextOrNull("completion");
}
