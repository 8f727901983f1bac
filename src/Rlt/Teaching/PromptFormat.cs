using Rlt.Configuration;

namespace Rlt.Teaching;

/// <summary>The tags and system prompts around questions, solutions and explanations; one of <c>configs/formats/*.yaml</c>.</summary>
public sealed record PromptFormat : IValidated
{
    /// <summary>The shipped format used where none is named.</summary>
    public const string DefaultName = "stratos";

    /// <summary>System prompt of the teacher, where the row brings none; empty for none.</summary>
    public required string TeacherSystem { get; init; }

    /// <summary>System prompt of the student, where the row brings none; empty for none.</summary>
    public required string StudentSystem { get; init; }

    /// <summary>
    /// Opens the solution, in the teacher's prompt and the student's answer; empty, like its closing tag,
    /// where the solution is all that follows the thought.
    /// </summary>
    public required string SolutionOpen { get; init; }

    /// <summary>Closes the solution.</summary>
    public required string SolutionClose { get; init; }

    /// <summary>Opens the teacher's explanation: the prompt's end, before <see cref="Padding"/>.</summary>
    public required string ExplanationOpen { get; init; }

    /// <summary>Closes the teacher's explanation.</summary>
    public required string ExplanationClose { get; init; }

    /// <summary>Opens the student's thought.</summary>
    public required string ThoughtOpen { get; init; }

    /// <summary>Closes the student's thought.</summary>
    public required string ThoughtClose { get; init; }

    /// <summary>Between two sections.</summary>
    public string Delimiter { get; init; } = "\n\n";

    /// <summary>Between an opening tag and an explanation, and around plain text that is to stand between tags.</summary>
    public string Padding { get; init; } = "\n\n";

    /// <summary>Whether solutions and explanations given without tags are padded; otherwise they stand between the tags as they are.</summary>
    public bool PadPlainText { get; init; } = true;

    /// <summary>Does the solution stand between tags of its own.</summary>
    public bool HasSolutionTags => SolutionOpen.Length > 0;

    /// <summary>What the student learns to answer: the explanation as its thought, then the solution.</summary>
    /// <param name="explanation">What stands between the thought tags; padding before it may be missing.</param>
    /// <param name="solution">What stands between the solution tags, padding included.</param>
    public string StudentAnswer(string explanation, string solution) =>
        ThoughtOpen + (explanation.StartsWith(Padding, StringComparison.Ordinal) ? "" : Padding) + explanation + ThoughtClose + Delimiter
            + SolutionOpen + solution + SolutionClose;

    /// <summary>Reads a format: a shipped one by its name ("stratos", "r1", "small"), or a file by its path.</summary>
    /// <exception cref="ConfigException">There is no such format, or the file cannot be used.</exception>
    public static PromptFormat Load(string nameOrPath) => ShippedFile.Load<PromptFormat>("format", nameOrPath);

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Problems()
    {
        ConfigProblem[] empty = [.. EmptyTags()];
        return empty.Length > 0 ? empty : AmbiguousTags();
    }

    private IEnumerable<ConfigProblem> EmptyTags()
    {
        foreach ((string key, string tag) in new[]
        {
            (nameof(ExplanationOpen), ExplanationOpen), (nameof(ExplanationClose), ExplanationClose),
            (nameof(ThoughtOpen), ThoughtOpen), (nameof(ThoughtClose), ThoughtClose),
        })
        {
            if (string.IsNullOrWhiteSpace(tag))
            {
                yield return new ConfigProblem(key, "is empty; expected a tag: only the solution can go without");
            }
        }

        if (string.IsNullOrWhiteSpace(SolutionOpen) && SolutionOpen.Length + SolutionClose.Length > 0)
        {
            yield return new ConfigProblem(nameof(SolutionOpen), $"is empty while solution_close is '{SolutionClose}'; "
                + "expected both tags, or two times \"\" for a solution that is all that follows the thought");
        }
        else if (string.IsNullOrWhiteSpace(SolutionClose) && SolutionOpen.Length > 0)
        {
            yield return new ConfigProblem(nameof(SolutionClose),
                $"is empty while solution_open is '{SolutionOpen}'; expected both tags, or two times \"\" for a solution that is all that follows the thought");
        }
    }

    // A tag inside another is found where the other stands. A closing tag is searched after its opening one, so it may be a part of that.
    private IEnumerable<ConfigProblem> AmbiguousTags()
    {
        Tag explanationOpen = new(nameof(ExplanationOpen), ExplanationOpen), explanationClose = new(nameof(ExplanationClose), ExplanationClose);
        Tag thoughtOpen = new(nameof(ThoughtOpen), ThoughtOpen), thoughtClose = new(nameof(ThoughtClose), ThoughtClose);
        Tag solutionOpen = new(nameof(SolutionOpen), SolutionOpen), solutionClose = new(nameof(SolutionClose), SolutionClose);
        List<(Tag Inner, Tag Outer)> pairs = [(explanationOpen, explanationClose), (thoughtOpen, thoughtClose)];
        if (HasSolutionTags)
        {
            // Thought and solution stand in one turn.
            pairs.Add((solutionOpen, solutionClose));
            pairs.AddRange(from thought in new[] { thoughtOpen, thoughtClose } from solution in new[] { solutionOpen, solutionClose }
                select ShorterFirst(thought, solution));
        }

        // An explanation's text may have either pair of tags, and one pair may serve as both.
        if ((ExplanationOpen, ExplanationClose) != (ThoughtOpen, ThoughtClose))
        {
            pairs.AddRange([(explanationOpen, thoughtOpen), (explanationOpen, thoughtClose)]);
        }

        return pairs.Where(pair => pair.Outer.Text.Contains(pair.Inner.Text, StringComparison.Ordinal)).Select(pair => new ConfigProblem(
            pair.Outer.Key,
            $"is '{pair.Outer.Text}', which {(pair.Inner.Text == pair.Outer.Text ? "is also" : "holds")} "
                + $"{ConfigSchema.EnumKey(pair.Inner.Key)} ('{pair.Inner.Text}'); expected tags that cannot be taken for one another"));
    }

    private static (Tag, Tag) ShorterFirst(Tag one, Tag other) => other.Text.Length < one.Text.Length ? (other, one) : (one, other);

    private readonly record struct Tag(string Key, string Text);
}
