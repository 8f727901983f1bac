using Rlt.Models;
using Rlt.Teaching;

namespace Rlt.Evaluation;

/// <summary>What a model in this process is given of a question: its chat template's text; system prompt and question as they stand where it has no template.</summary>
/// <param name="model">The model's tokenizer, template and config.</param>
public sealed class EnginePrompt(ModelText model)
{
    private readonly ChatRenderer? _chat = model.Template is { } template ? new ChatRenderer(template) : null;

    /// <summary>Whether the model has no chat template: a base model, which goes on with the text.</summary>
    public bool IsPlain => _chat is null;

    /// <summary>The model's directory.</summary>
    public string Model => model.Directory;

    /// <summary>The most tokens of prompt and answer together.</summary>
    public int Context => model.Config.MaxPositions;

    /// <summary>The prompt's tokens.</summary>
    public int[] Ids(EvalQuestion question) => _chat is null
        ? model.Tokenizer.Encode(question.System.Length == 0 ? question.Prompt : $"{question.System}\n\n{question.Prompt}").Ids
        : model.Tokenizer.Encode(_chat.Prompt(question.System, question.Prompt), addSpecialTokens: false).Ids;

    /// <summary>Whether a prompt leaves room for an answer.</summary>
    public bool Fits(int[] ids) => ids.Length < Context;

    /// <summary>What a user should know before questions are asked: that there is no template, that some do not fit.</summary>
    /// <exception cref="DataException">No question fits.</exception>
    public IEnumerable<string> Warnings(IReadOnlyList<EvalQuestion> questions)
    {
        EvalQuestion[] unfit = [.. questions.Where(question => !Fits(Ids(question)))];
        if (unfit.Length == questions.Count)
        {
            throw new DataException($"no question leaves room for an answer: {Model} takes {Context} tokens, the first prompt has {Ids(questions[0]).Length}. Use a model with a longer context.");
        }

        if (IsPlain)
        {
            yield return $"{Model}: no chat template; questions are asked as plain text";
        }

        if (unfit.Length > 0)
        {
            yield return $"{unfit.Length} of {questions.Count} questions do not fit the {Context} tokens of {Model} and count as truncated: {unfit[0].Id}{(unfit.Length > 1 ? " and others" : "")}";
        }
    }
}
