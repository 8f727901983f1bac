namespace Rlt.Data;

/// <summary>The columns of a data file that do not have their usual names; null for those that do.</summary>
public sealed record FieldNames
{
    /// <summary>The question's column; null: question, prompt or problem, or a conversation's first user turn.</summary>
    public string? Question { get; init; }

    /// <summary>The solution's column; null: solution, or a conversation's first assistant turn.</summary>
    public string? Solution { get; init; }

    /// <summary>The column of an explanation to learn; null: explanation or reasoning_trace, or the thought of a conversation.</summary>
    public string? Explanation { get; init; }

    /// <summary>The final answer's column; null: answer.</summary>
    public string? Answer { get; init; }

    /// <summary>The column of the student's system prompt; null: student_system or system, or a conversation's system turn.</summary>
    public string? System { get; init; }

    /// <summary>These columns, and those of another where these name none.</summary>
    public FieldNames Over(FieldNames other) => new()
    {
        Question = Question ?? other.Question,
        Solution = Solution ?? other.Solution,
        Explanation = Explanation ?? other.Explanation,
        Answer = Answer ?? other.Answer,
        System = System ?? other.System,
    };

    /// <summary>The config keys that name a column, with it.</summary>
    internal IEnumerable<(string Key, string Column)> Named()
    {
        foreach ((string key, string? column) in new[] { ("question", Question), ("solution", Solution), ("explanation", Explanation), ("answer", Answer),
            ("system", System) })
        {
            if (column is not null)
            {
                yield return (key, column);
            }
        }
    }
}
