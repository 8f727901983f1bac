using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Models;

namespace Rlt.Teaching.Rewards;

/// <summary>Scores rows {question, solution, completion}, or collected traces, which have the explanation alone.</summary>
public sealed class RowScorer
{
    private readonly TeachingFormat _format;
    private readonly ExplanationScorer _scorer;

    /// <summary>A scorer of rows.</summary>
    /// <param name="tags">The tags. Texts that a run has written have their padding already; others are scored as they stand, as the original does.</param>
    /// <param name="teacher">The teacher.</param>
    /// <param name="student">The frozen student.</param>
    /// <param name="reward">The reward's weights.</param>
    /// <param name="tokenBudget">Tokens of one pass.</param>
    public RowScorer(PromptFormat tags, LanguageModel teacher, LanguageModel student, RewardOptions reward, int tokenBudget)
    {
        _format = TeachingFormat.ForTwo(tags with { PadPlainText = false }, teacher.Text, student.Text);
        _scorer = new ExplanationScorer(_format, teacher, student, reward, tokenBudget);
    }

    /// <summary>Adds to each row its reward with all parts; to one that cannot be scored, <c>error</c>.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="details">Adds tokens, and what each was worth.</param>
    /// <param name="window">Tokens of the window of a trace's surprise.</param>
    /// <returns>How many could not be scored.</returns>
    public int Score(IReadOnlyList<JsonRow> rows, bool details, int window = TraceMeasures.DefaultWindow)
    {
        (JsonObject Row, TeachingCase Case)[] cases = [.. rows.Select(row => (row.Fields, Case: CaseOrError(row)!)).Where(row => row.Case is not null)];
        IReadOnlyList<ScoredExplanation> scored = _scorer.Score([.. cases.Select(row => row.Case)]);
        foreach ((JsonObject row, ScoredExplanation explanation) in cases.Select(row => row.Row).Zip(scored))
        {
            explanation.AddAllTo(row, window);
            row[TraceMeasure.Length.Field()] ??= explanation.Reward.ExplanationTokens;
            row["tokens"] = new JsonObject { ["explanation"] = explanation.Reward.ExplanationTokens, ["solution"] = explanation.Reward.SolutionTokens };
        }

        foreach (((JsonObject row, TeachingCase built), JsonObject worth) in details ? cases.Zip(_scorer.Details(scored)) : [])
        {
            foreach ((int place, (string name, JsonNode? value)) in Tokens(built).Index())
            {
                worth.Insert(place, name, value);
            }

            row["details"] = worth;
        }

        return rows.Count - cases.Length;
    }

    private TeachingCase? CaseOrError(JsonRow row)
    {
        try
        {
            TeachingTask task = TeachingRows.Task(row, _format.Format, needsExplanation: false);
            string? trace = task.Explanation is { } explanation ? _format.WithoutPadding(explanation) + _format.Format.ExplanationClose : null;
            return _scorer.Case(task, row.TextOrNull("completion") ?? trace ?? row.Text("completion"));
        }
        catch (DataException error)
        {
            row.Fields["error"] = error.Message;
            return null;
        }
    }

    private static IEnumerable<KeyValuePair<string, JsonNode?>> Tokens(TeachingCase built) =>
    [
        new("explanation", built.Explanation),
        new("teacher_ids", JsonArrays.Of(built.Teacher.Sequence.Ids)),
        new("student_ids", JsonArrays.Of(built.Student.Sequence.Ids)),
        new("teacher_explanation_tokens", Indices(built.Teacher.Explanation)),
        new("student_explanation_tokens", Indices(built.Student.Explanation)),
        new("student_solution_tokens", Indices(built.Student.Solution)),
    ];

    private static JsonArray Indices(IEnumerable<SpanToken> tokens) => JsonArrays.Of(tokens.Select(token => token.Index));
}
