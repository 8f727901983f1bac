using Rlt.Configuration;
using Rlt.Data;

namespace Rlt.Evaluation.Questions;

/// <summary>A benchmark: how its rows become prompts, and what its answers are. Shipped ones are in <c>configs/benchmarks/</c>.</summary>
public sealed record BenchmarkDefinition : IValidated
{
    /// <summary>Any file of questions and answers: the question as it stands.</summary>
    public static BenchmarkDefinition Plain { get; } = new();

    /// <summary>The user's turn: <c>{question}</c>, and <c>{a}</c> to <c>{d}</c> for the choices, are filled in.</summary>
    public string Prompt { get; init; } = "{question}";

    /// <summary>What the answers are.</summary>
    public AnswerKind Answer { get; init; } = AnswerKind.Math;

    /// <summary>The answer is what follows the last of this mark, in rows that have it (GSM8K: "#### "); null: the whole column.</summary>
    public string? AnswerAfter { get; init; }

    /// <summary>Columns that do not have their usual names.</summary>
    public FieldNames Fields { get; init; } = new();

    /// <summary>The column of the right choice, where the choices are columns; they are shuffled, each question's always alike.</summary>
    public string? CorrectChoice { get; init; }

    /// <summary>The columns of the three wrong choices.</summary>
    public IReadOnlyList<string> WrongChoices { get; init; } = [];

    /// <summary>Whether the questions must not be published: results and logs then hold neither them nor responses, without <c>show_questions</c>.</summary>
    public bool Hidden { get; init; }

    /// <summary>How many questions the benchmark has; a file with another number is warned of. 0: any number.</summary>
    public int Questions { get; init; }

    /// <summary>Where the data comes from, for who does not have the file.</summary>
    public string? Source { get; init; }

    /// <summary>Samples a question where the config sets none; null: 1.</summary>
    public int? Samples { get; init; }

    /// <summary>Sampling temperature where the config sets none; null: 0, the likeliest tokens.</summary>
    public double? Temperature { get; init; }

    /// <summary>Nucleus sampling's share where the config sets none; null: 1.</summary>
    public double? TopP { get; init; }

    /// <summary>Tokens of an answer at most where the config sets none; null: 16384.</summary>
    public int? MaxNewTokens { get; init; }

    /// <summary>Reads a benchmark, a shipped one by its name or a file by its path; without either, the questions as they stand.</summary>
    /// <exception cref="ConfigException">There is no such benchmark, or its file cannot be used.</exception>
    public static BenchmarkDefinition Load(string? nameOrPath) =>
        nameOrPath is null ? Plain : ShippedFile.Load<BenchmarkDefinition>("benchmark", nameOrPath);

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Problems()
    {
        if (!Prompt.Contains("{question}", StringComparison.Ordinal))
        {
            yield return new ConfigProblem(nameof(Prompt), "has no {question}; expected a text with the place of the question");
        }

        int expected = CorrectChoice is null ? 0 : PromptTemplate.Letters.Length - 1;
        if (WrongChoices.Count != expected)
        {
            yield return new ConfigProblem(nameof(WrongChoices),
                $"names {WrongChoices.Count} columns; expected {expected}, {(expected == 0 ? "as there is no correct_choice" : "beside correct_choice")}");
        }

        if (CorrectChoice is not null && Answer != AnswerKind.Choice)
        {
            yield return new ConfigProblem(nameof(CorrectChoice), "is set while answer is not choice; expected answer: choice");
        }

        if (CorrectChoice is not null && PromptTemplate.Letters.Any(letter =>
            !Prompt.Contains($"{{{char.ToLowerInvariant(letter)}}}", StringComparison.Ordinal)))
        {
            yield return new ConfigProblem(nameof(Prompt), "lacks a choice; expected {a}, {b}, {c} and {d}");
        }
    }
}
