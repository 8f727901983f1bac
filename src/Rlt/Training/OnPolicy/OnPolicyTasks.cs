using Rlt.Data;
using Rlt.Models;
using Rlt.Teaching;

namespace Rlt.Training.OnPolicy;

/// <summary>What on-policy distillation reads, checked before any weights are.</summary>
public static class OnPolicyTasks
{
    /// <summary>The questions, with solutions where the teacher sees them and explanations where some steps are on these.</summary>
    /// <exception cref="DataException">There is no row, or too many lack something.</exception>
    public static UsableRows<TeachingTask> Read(DataSource source, PromptFormat tags, OnPolicyConfig config)
    {
        (bool explained, bool solved) = (config.Lmbda < 1, config.Teacher.Sees != TeacherSees.Question);
        if (!explained && !solved)
        {
            return TeachingRows.ReadQuestions(source);
        }

        try
        {
            return TeachingRows.Read(source, tags, needsExplanation: explained);
        }
        catch (DataException error)
        {
            string why = explained
                ? FormattableString.Invariant($"opd.lmbda is {config.Lmbda}, so some steps are on given explanations; give rows with them, or set it to 1")
                : $"opd.teacher.sees is {config.Teacher.Sees.ToString().ToLowerInvariant()}; give rows with a solution, or set it to question";
            throw new DataException($"{error.Message.Split('\n')[0].TrimEnd(':')}{FirstProblem(error)} ({why}.)", error);
        }
    }

    /// <summary>Refuses a teacher that does not have the student's tokens: its distribution would be over other words.</summary>
    /// <exception cref="ConfigException">It does not.</exception>
    public static void RequireSameTokens(ModelText student, ModelText teacher, int topK)
    {
        const string Advice = "Choose a teacher of the student's family, or learn its traces (rlt collect or generate, then method: sft)";
        (int own, int other) = (student.Config.VocabularySize, teacher.Config.VocabularySize);
        int differs = Enumerable.Range(0, Math.Max(student.Tokenizer.OwnSize, teacher.Tokenizer.OwnSize))
            .FirstOrDefault(id => student.Tokenizer.IdToToken(id) != teacher.Tokenizer.IdToToken(id), -1);
        if (differs >= 0)
        {
            throw new ConfigException($"opd.teacher.model: {teacher.Directory} has another vocabulary than {student.Directory} (token {differs} is "
                + $"{Shown(teacher)} there, {Shown(student)} here); a distribution is learned over the same tokens. {Advice}.");
        }

        if (other < own)
        {
            throw new ConfigException($"opd.teacher.model: {teacher.Directory} gives {other} logits, fewer than the {own} of {student.Directory}; "
                + $"expected as many or more. {Advice}.");
        }

        if (topK > own)
        {
            throw new ConfigException($"opd.loss.top_k: is {topK}, more than the {own} tokens of {student.Directory}; "
                + "expected fewer. Set it to 0 for all of them.");
        }

        string Shown(ModelText model) => model.Tokenizer.IdToToken(differs) is { } token ? $"'{token}'" : "none";
    }

    // The first of the rows that the message lists below it.
    private static string FirstProblem(DataException error) => error.Message.Split('\n') is [_, var first, ..] ? $": {first.Trim()}" : "";
}
