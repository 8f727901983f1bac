using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Models;
using Rlt.Teaching;
using Rlt.Text.Tokenization;

namespace Rlt.Training;

/// <summary>What supervised fine-tuning learns from a row.</summary>
public enum SftTarget
{
    /// <summary>The teacher's explanation, given question and solution (warm-up).</summary>
    Teacher,

    /// <summary>The student's thought and solution, given the question (distillation).</summary>
    Student,

    /// <summary>All of a <c>text</c> field, or the last turn of a conversation in <c>messages</c>.</summary>
    Text,
}

/// <summary>Turns rows into token sequences of which only the completion is learned.</summary>
public static class SftExample
{
    /// <summary>Reads a data file; needs no model.</summary>
    /// <param name="source">The file.</param>
    /// <param name="target">What to learn.</param>
    /// <param name="format">The tags; not needed for <see cref="SftTarget.Text"/>.</param>
    /// <exception cref="DataException">There is no row, or too many cannot be used.</exception>
    public static UsableRows<SftRow> Read(DataSource source, SftTarget target, PromptFormat? format)
    {
        if (target == SftTarget.Text)
        {
            return source.Read("'text' or 'messages'", TextRow);
        }

        UsableRows<TeachingTask> tasks = TeachingRows.Read(source, format!, needsExplanation: true);
        return new UsableRows<SftRow>([.. tasks.Rows.Select(task => new SftRow(task, null))], tasks.LeftOut, tasks.Warning);
    }

    /// <summary>The token sequences of rows.</summary>
    /// <param name="rows">What <see cref="Read"/> read for the same target.</param>
    /// <param name="target">What to learn.</param>
    /// <param name="format">The tags and chat texts; not needed for <see cref="SftTarget.Text"/>.</param>
    /// <param name="model">The learning model: its tokenizer and chat template.</param>
    /// <param name="cutoff">Tokens a sequence is cut to.</param>
    /// <returns>The sequences, and how many were cut.</returns>
    public static (IReadOnlyList<TokenSequence> Sequences, int Cut) Encode(IReadOnlyList<SftRow> rows, SftTarget target, TeachingFormat? format, ModelText model, int cutoff)
    {
        TokenSequence[] sequences = [.. rows.Select(row => row.Task is { } task ? Completion(Spanned(task, target, format!), model.Tokenizer) : Whole(row.Text!, model))];
        int cut = sequences.Count(sequence => sequence.Ids.Length > cutoff);
        return ([.. sequences.Select(sequence => sequence.Ids.Length > cutoff ? sequence with { Ids = sequence.Ids[..cutoff] } : sequence)], cut);
    }

    /// <summary>The tokens of a text, of which those after a place count.</summary>
    public static TokenSequence Completion((string Text, int From) example, Tokenizer tokenizer)
    {
        Encoding encoding = tokenizer.Encode(example.Text, addSpecialTokens: false);
        int from = Array.FindIndex(encoding.Offsets, span => span.Start >= example.From);
        return new TokenSequence(encoding.Ids, from < 0 ? encoding.Ids.Length : Math.Max(1, from));
    }

    private static (string Text, int From) Spanned(TeachingTask task, SftTarget target, TeachingFormat format)
    {
        if (target == SftTarget.Teacher)
        {
            SpannedText teacher = format.TeacherExample(task);
            return (teacher.Text, teacher.Explanation.Start);
        }

        SpannedText student = format.StudentText(task, format.WithoutPadding(task.Explanation!));
        return (student.Text, format.StudentPrompt(task).Length);
    }

    private static TokenSequence Whole(JsonRow row, ModelText model)
    {
        if (row.Fields["messages"] is not JsonArray messages)
        {
            return new TokenSequence(model.Tokenizer.Encode(row.Text("text"), addSpecialTokens: true).Ids, 1);
        }

        if (messages.Count == 0)
        {
            throw row.Problem("'messages' is empty; expected at least one turn to learn.");
        }

        string whole = model.RequireTemplate().Render(messages, addGenerationPrompt: false);
        string prompt = model.RequireTemplate().Render([.. messages.SkipLast(1).Select(message => message?.DeepClone())], addGenerationPrompt: true);
        return whole.StartsWith(prompt, StringComparison.Ordinal)
            ? Completion((whole, prompt.Length), model.Tokenizer)
            : throw row.Problem("the chat template rewrites the turns before the last one, so what to learn cannot be told; expected a template that does not.");
    }

    private static SftRow TextRow(JsonRow row)
    {
        if (row.Has("messages"))
        {
            return row.Fields["messages"] is JsonArray { Count: > 0 } ? new SftRow(null, row) : throw row.Problem("'messages' is not a list of turns; expected [{\"role\", \"content\"}, …].");
        }

        _ = row.Text("text");
        return new SftRow(null, row);
    }
}
