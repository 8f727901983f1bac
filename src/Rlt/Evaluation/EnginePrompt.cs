using System.Text.Json.Nodes;
using Rlt.Models;
using Rlt.Teaching;
using Rlt.Text.Tokenization;

namespace Rlt.Evaluation;

/// <summary>What a model in this process is given of a question: its chat template's text; without one, system prompt and question as they stand.</summary>
/// <param name="model">The model's tokenizer, template and config.</param>
/// <param name="templateArgs">Further variables of the template; null for none.</param>
public sealed class EnginePrompt(ModelText model, JsonObject? templateArgs = null)
{
    private readonly ChatRenderer? _chat = model.Template is { } template ? new ChatRenderer(template, templateArgs) : null;

    /// <summary>The prompt's tokens.</summary>
    public int[] Ids(EvalQuestion question) => _chat is null
        ? model.Tokenizer.EncodeWhole(question.System.Length == 0 ? question.Prompt : $"{question.System}\n\n{question.Prompt}")
        : model.Tokenizer.Encode(_chat.Prompt(question.System, question.Prompt), addSpecialTokens: false).Ids;

    /// <summary>The tag, with what follows it, by which the prompt opens the thought; empty where it does not.</summary>
    public string OpenedThought(EvalQuestion question) => _chat?.OpenedThought(question.System, question.Prompt) ?? "";

    /// <summary>Whether a prompt leaves room for an answer.</summary>
    public bool Fits(int[] ids) => ids.Length < model.Config.MaxPositions;

    /// <summary>What a user should know before questions are asked: that there is no template, that some do not fit.</summary>
    /// <exception cref="DataException">No question fits.</exception>
    public IEnumerable<string> Warnings(IReadOnlyList<EvalQuestion> questions)
    {
        (string name, int context) = (model.Directory, model.Config.MaxPositions);
        EvalQuestion[] unfit = [.. questions.Where(question => !Fits(Ids(question)))];
        if (unfit.Length == questions.Count)
        {
            throw new DataException($"no question leaves room for an answer: {name} takes {context} tokens, "
                + $"the first prompt has {Ids(questions[0]).Length}. Use a model with a longer context.");
        }

        if (_chat is null)
        {
            yield return $"{name}: no chat template; questions are asked as plain text";
        }

        foreach (string unread in model.UnreadArgs(templateArgs))
        {
            yield return unread;
        }

        if (unfit.Length > 0)
        {
            yield return $"{unfit.Length} of {questions.Count} questions do not fit the {context} tokens of {name} and count as truncated: "
                + $"{unfit[0].Id}{(unfit.Length > 1 ? " and others" : "")}";
        }
    }
}
