using System.Text.Json.Nodes;
using Rlt.Configuration;
using Rlt.Configuration.Resuming;
using Rlt.Servers;
using Rlt.Training.Grpo;

namespace Rlt.Training.OnPolicy;

/// <summary>What a teacher is given of a question.</summary>
public enum TeacherSees
{
    /// <summary>The question, as the student.</summary>
    Question,

    /// <summary>The question with its solution in the user's turn (<see cref="OnPolicyTeacher.Prompt"/>): all of the student's answer is compared.</summary>
    Solution,

    /// <summary>Question and solution as train-teacher gives them to an RLT teacher: the student's thought is compared with the explanation.</summary>
    Explanation,
}

/// <summary>Over what student and teacher are compared at each token.</summary>
public enum DivergenceForm
{
    /// <summary>The whole vocabulary, or the teacher's likeliest tokens where top_k says how many.</summary>
    Distribution,

    /// <summary>The sampled token alone: a policy gradient on the log-ratio, whose expectation is the reverse KL.</summary>
    Sampled,
}

/// <summary>On-policy distillation: a teacher's distribution on the student's own answers.</summary>
/// <remarks>Source: GKD (arXiv 2306.13649).</remarks>
public sealed record OnPolicyConfig : IValidated
{
    /// <summary>Whose distribution the student moves toward.</summary>
    public OnPolicyTeacher Teacher { get; init; } = new();

    /// <summary>What of it is learned.</summary>
    public OnPolicyLoss Loss { get; init; } = new();

    /// <summary>The share of steps on the student's own answers; the others are on the explanations of the data (0: all of them).</summary>
    /// <remarks>Source: GKD (arXiv 2306.13649), algorithm 1.</remarks>
    public double Lmbda { get; init; } = 1;

    /// <summary>Answers sampled for each question; batch_size is a multiple of it.</summary>
    public int Samples { get; init; } = 1;

    /// <summary>Sampling temperature; both models' logits are divided by it in the loss, too.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Tokens of an answer at most.</summary>
    public int MaxNewTokens { get; init; } = 4096;

    /// <summary>Answers sampled at once.</summary>
    [MayChange]
    public int SamplingRows { get; init; } = 64;

    /// <summary>Answers a step written to samples.jsonl.</summary>
    [MayChange]
    public int SamplesKept { get; init; } = 4;

    /// <summary>Further variables of the student's chat template, such as enable_thinking: false; null for none.</summary>
    public JsonObject? TemplateArgs { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Problems() =>
    [
        .. TemplateArguments.Problems(TemplateArgs),
        .. Ranges.Share(nameof(Lmbda), Lmbda),
        .. Ranges.AtLeastOne((nameof(Samples), Samples), (nameof(MaxNewTokens), MaxNewTokens), (nameof(SamplingRows), SamplingRows)),
        .. Ranges.NotNegative((nameof(SamplesKept), SamplesKept)),
        .. Teacher.Server.Url is null ? [] : ServerProblems(),
        .. Temperature > 0
            ? Array.Empty<ConfigProblem>()
            : [new ConfigProblem(nameof(Temperature), $"is {Temperature}; expected more than 0: the loss divides logits by it")],
    ];

    private IEnumerable<ConfigProblem> ServerProblems()
    {
        if (Loss is { Form: DivergenceForm.Distribution, TopK: 0 })
        {
            yield return new ConfigProblem("loss.top_k", "is 0, but a server tells its likeliest tokens alone. Set it to 20 or fewer, or form: sampled");
        }

        if (Temperature != 1)
        {
            yield return new ConfigProblem(nameof(Temperature), $"is {Temperature}, but a server tells log-probabilities at temperature 1. Set it to 1");
        }
    }
}

/// <summary>The teacher of on-policy distillation.</summary>
public sealed record OnPolicyTeacher : IValidated
{
    /// <summary>The place of the question in <see cref="Prompt"/>.</summary>
    public const string Question = "{question}";

    /// <summary>The place of the solution in <see cref="Prompt"/>.</summary>
    public const string Solution = "{solution}";

    /// <summary>A model directory with the student's vocabulary; null: the student's own first weights.</summary>
    [ConfigPath(PathKind.Model)]
    public string? Model { get; init; }

    /// <summary>
    /// A server that answers for the teacher; of the model, or else the student, only config, tokenizer and template are then used. It compares
    /// top_k likeliest tokens or the sampled one.
    /// </summary>
    public ScoringServer Server { get; init; } = new();

    /// <summary>question, solution or explanation.</summary>
    public TeacherSees Sees { get; init; }

    /// <summary>
    /// Where it sees the solution, the user's turn, with the places {question} and {solution}; null: the question and, after the format's delimiter, the
    /// solution in the format's tags.
    /// </summary>
    public string? Prompt { get; init; }

    /// <summary>Of the student's own weights: teacher ← (1 − ema) · teacher + ema · student after each step; 0 leaves them as they were.</summary>
    public double Ema { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Problems()
    {
        foreach (ConfigProblem problem in Ranges.Share(nameof(Ema), Ema))
        {
            yield return problem;
        }

        if (Ema > 0 && Model is not null)
        {
            yield return new ConfigProblem(nameof(Ema), $"is {Ema}, but model names a teacher of its own, which stays as it is. Leave out one of them");
        }

        if (Ema > 0 && Server.Url is not null)
        {
            yield return new ConfigProblem(nameof(Ema), $"is {Ema}, but the teacher is a server's, which stays as it is. Leave out one of them");
        }

        if (Model is null && Server.Url is null && Sees == TeacherSees.Question && Ema == 0)
        {
            yield return new ConfigProblem(nameof(Model),
                "is missing, and the student's own weights that see what it sees teach nothing; expected a model directory, a server, or sees: solution");
        }

        if (Prompt is not null && Sees != TeacherSees.Solution)
        {
            yield return new ConfigProblem(nameof(Prompt),
                "is set, but the teacher does not see the solution in the user's turn. Set sees: solution, or leave it out");
        }

        if (Prompt is not null && (!Prompt.Contains(Question, StringComparison.Ordinal) || !Prompt.Contains(Solution, StringComparison.Ordinal)))
        {
            yield return new ConfigProblem(nameof(Prompt), $"lacks a place; expected a text with {Question} and {Solution}");
        }
    }
}

/// <summary>The loss of on-policy distillation (<see cref="Divergence"/>).</summary>
public sealed record OnPolicyLoss : IValidated
{
    /// <summary>β of the generalised Jensen-Shannon divergence: 0 is the forward KL(teacher ‖ student), 1 the reverse KL(student ‖ teacher).</summary>
    public double Beta { get; init; } = 1;

    /// <summary>distribution or sampled.</summary>
    public DivergenceForm Form { get; init; }

    /// <summary>Compares the teacher's so many likeliest tokens, and all others as one; 0: every token of the vocabulary.</summary>
    public int TopK { get; init; }

    /// <summary>A token's divergence counts up to this, nats, its gradient in proportion: tokens of style differ most and say least. 0: all of it.</summary>
    public double Clip { get; init; }

    /// <summary>Leaves answers that the token limit cut off out of the loss.</summary>
    public bool MaskTruncated { get; init; }

    /// <summary>What a token's loss is divided by: token, sequence or constant.</summary>
    public LossAggregation Aggregation { get; init; } = LossAggregation.Token;

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Problems()
    {
        foreach (ConfigProblem problem in Ranges.Share(nameof(Beta), Beta).Concat(Ranges.NotNegative((nameof(TopK), TopK), (nameof(Clip), Clip))))
        {
            yield return problem;
        }

        if (Form == DivergenceForm.Sampled && Beta != 1)
        {
            yield return new ConfigProblem(nameof(Beta), $"is {Beta}, but the sampled token tells the reverse KL alone. Set it to 1, or form: distribution");
        }

        if (Form == DivergenceForm.Sampled && TopK > 0)
        {
            yield return new ConfigProblem(nameof(TopK), $"is {TopK}, but the sampled token alone is compared. Set it to 0, or form: distribution");
        }
    }
}
