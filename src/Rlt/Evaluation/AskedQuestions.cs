using System.Text.Json.Nodes;
using Rlt.Evaluation.Protocols;
using Rlt.Models;
using Rlt.Teaching;

namespace Rlt.Evaluation;

/// <summary>Questions of a data file as a model is asked them: what <c>eval</c> and <c>train-solver</c> share.</summary>
public static class AskedQuestions
{
    /// <summary>The questions with their system prompts.</summary>
    /// <param name="questions">The questions.</param>
    /// <param name="protocol">By whose rule.</param>
    /// <param name="given">The config's own; null: by the rule.</param>
    /// <param name="model">The model's Hub name.</param>
    /// <param name="format">Whose student's system prompt is used where a row brings none; null for none.</param>
    public static IReadOnlyList<EvalQuestion> WithSystem(
        IReadOnlyList<EvalQuestion> questions, Protocol protocol, string? given, string model, PromptFormat? format) =>
        [.. questions.Select(question => question with
        {
            System = SystemPrompt.Choose(protocol, given, model, question.Task.StudentSystem, format?.StudentSystem),
        })];

    /// <summary>Checks that every question leaves room for an answer.</summary>
    /// <param name="questions">The questions.</param>
    /// <param name="model">Who is asked.</param>
    /// <param name="templateArgs">Further variables of its chat template; null for none.</param>
    /// <returns>Tokens of the longest prompt.</returns>
    /// <exception cref="DataException">A prompt fills the model's context.</exception>
    public static int RequireRoom(IReadOnlyList<EvalQuestion> questions, ModelText model, JsonObject? templateArgs)
    {
        var chat = new ChatRenderer(model.RequireTemplate(), templateArgs);
        return TaskLengths.RequirePrompts(
            [.. questions.Select(question => new TeachingTask(question.Task.Question, "") { TeacherPrompt = chat.Prompt(question.System, question.Prompt) })],
            task => task.TeacherPrompt!,
            model);
    }
}
