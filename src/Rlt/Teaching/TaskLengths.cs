using Rlt.Models;

namespace Rlt.Teaching;

/// <summary>Finds tasks that could not be explained or scored before any compute is spent.</summary>
public static class TaskLengths
{
    private const int ShownCharacters = 60;

    /// <summary>Checks every task with the longest explanation it may get.</summary>
    /// <param name="tasks">The tasks.</param>
    /// <param name="format">The texts.</param>
    /// <param name="teacher">Writes explanations of up to <paramref name="maxNewTokens"/> tokens.</param>
    /// <param name="student">Scores them.</param>
    /// <param name="maxNewTokens">The limit of an explanation.</param>
    /// <exception cref="DataException">A task's solution has no token, or a text does not fit its model's context.</exception>
    public static void Require(IReadOnlyList<TeachingTask> tasks, TeachingFormat format, LanguageModel teacher, LanguageModel student, int maxNewTokens)
    {
        for (int i = 0; i < tasks.Count; i++)
        {
            string which = $"task {i + 1} of {tasks.Count} ('{Shown(tasks[i].Question)}')";
            int prompt = teacher.Tokenizer.Encode(format.TeacherPrompt(tasks[i]), addSpecialTokens: false).Ids.Length;
            int context = teacher.Decoder.Config.MaxPositions;
            if (prompt >= context)
            {
                throw new DataException($"{which}: the teacher's prompt has {prompt} tokens; {teacher.Directory} takes {context}, the explanation included. Leave the row out, or use a teacher with a longer context.");
            }

            int view = StudentTokens(tasks[i], which, format, teacher, student);
            int longest = view + Math.Min(maxNewTokens, context - prompt);
            int room = student.Decoder.Config.MaxPositions;
            if (longest > room)
            {
                throw new DataException(
                    $"{which}: question and solution have {view} tokens in the student's view, with an explanation up to {longest}; {student.Directory} takes {room}. "
                    + $"Set max_new_tokens to {Math.Max(1, room - view)} or less, or use a student with a longer context.");
            }
        }
    }

    private static int StudentTokens(TeachingTask task, string which, TeachingFormat format, LanguageModel teacher, LanguageModel student)
    {
        try
        {
            return TeachingCase.Build(format, task, format.Format.ExplanationClose, teacher.Tokenizer, student.Tokenizer).Student.Ids.Length;
        }
        catch (DataException error)
        {
            throw new DataException($"{which}: {error.Message}", error);
        }
    }

    private static string Shown(string question) => question.Length <= ShownCharacters ? question : question[..ShownCharacters] + "…";
}
