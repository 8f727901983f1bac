using Rlt.Models;
using Rlt.Teaching.Rewards;

namespace Rlt.Teaching;

/// <summary>Finds tasks that could not be answered, explained or scored before any compute is spent.</summary>
public static class TaskLengths
{
    private const int ShownCharacters = 60;

    /// <summary>Checks that every task's prompt leaves room for at least one more token.</summary>
    /// <param name="tasks">The tasks.</param>
    /// <param name="prompt">What the model is given of a task.</param>
    /// <param name="model">The model that goes on from there.</param>
    /// <returns>Tokens of the longest prompt.</returns>
    /// <exception cref="DataException">A prompt fills the model's context.</exception>
    public static int RequirePrompts(IReadOnlyList<TeachingTask> tasks, Func<TeachingTask, string> prompt, ModelText model)
    {
        int longest = 0;
        for (int i = 0; i < tasks.Count; i++)
        {
            longest = Math.Max(longest, PromptTokens(tasks[i], Which(tasks, i), prompt, model));
        }

        return longest;
    }

    /// <summary>Checks every task with the longest explanation it may get.</summary>
    /// <param name="tasks">The tasks.</param>
    /// <param name="format">The texts.</param>
    /// <param name="teacher">Writes explanations of up to <paramref name="maxNewTokens"/> tokens.</param>
    /// <param name="student">Scores them.</param>
    /// <param name="maxNewTokens">The limit of an explanation.</param>
    /// <returns>Tokens of the teacher's longest prompt.</returns>
    /// <exception cref="DataException">A task's solution has no token, or a text does not fit its model's context.</exception>
    public static int Require(IReadOnlyList<TeachingTask> tasks, TeachingFormat format, ModelText teacher, ModelText student, int maxNewTokens)
    {
        int longestPrompt = 0;
        for (int i = 0; i < tasks.Count; i++)
        {
            string which = Which(tasks, i);
            int prompt = PromptTokens(tasks[i], which, format.TeacherPrompt, teacher);
            longestPrompt = Math.Max(longestPrompt, prompt);
            int view = StudentTokens(tasks[i], which, format, teacher, student);
            int longest = view + Math.Min(maxNewTokens, teacher.Config.MaxPositions - prompt);
            int room = student.Config.MaxPositions;
            if (longest > room)
            {
                throw new DataException(
                    $"{which}: question and solution have {view} tokens in the student's view, "
                        + $"with an explanation up to {longest}; {student.Directory} takes {room}. "
                    + $"Set max_new_tokens to {Math.Max(1, room - view)} or less, or use a student with a longer context.");
            }
        }

        return longestPrompt;
    }

    /// <summary>Tokens of the longest prompt that a model gets.</summary>
    public static int LongestPrompt(IReadOnlyList<TeachingTask> tasks, Func<TeachingTask, string> prompt, ModelText model) =>
        tasks.Max(task => model.Tokenizer.Encode(prompt(task), addSpecialTokens: false).Ids.Length);

    private static int PromptTokens(TeachingTask task, string which, Func<TeachingTask, string> prompt, ModelText model)
    {
        int tokens = model.Tokenizer.Encode(prompt(task), addSpecialTokens: false).Ids.Length;
        int context = model.Config.MaxPositions;
        return tokens < context
            ? tokens
            : throw new DataException($"{which}: the prompt has {tokens} tokens; {model.Directory} takes {context}, "
                + "what it writes included. Leave the row out, or use a model with a longer context.");
    }

    private static int StudentTokens(TeachingTask task, string which, TeachingFormat format, ModelText teacher, ModelText student)
    {
        try
        {
            return TeachingCase.Build(format, task, format.Format.ExplanationClose, teacher.Tokenizer, student.Tokenizer).Student.Sequence.Ids.Length;
        }
        catch (DataException error)
        {
            throw new DataException($"{which}: {error.Message}", error);
        }
    }

    private static string Which(IReadOnlyList<TeachingTask> tasks, int index) => $"task {index + 1} of {tasks.Count} ('{Shown(tasks[index].Question)}')";

    private static string Shown(string question) => question.Length <= ShownCharacters ? question : question[..ShownCharacters] + "…";
}
