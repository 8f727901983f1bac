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
    /// <summary>Reads a data file.</summary>
    /// <param name="path">A JSONL file.</param>
    /// <param name="target">What to learn.</param>
    /// <param name="format">The tags and chat texts; not needed for <see cref="SftTarget.Text"/>.</param>
    /// <param name="model">The learning model: its tokenizer and chat template.</param>
    /// <param name="cutoff">Tokens a sequence is cut to.</param>
    /// <param name="limit">Rows read at most; 0 reads all.</param>
    /// <returns>The sequences, and how many were cut.</returns>
    public static (IReadOnlyList<TokenSequence> Sequences, int Cut) Read(
        string path, SftTarget target, TeachingFormat? format, LanguageModel model, int cutoff, int limit)
    {
        IEnumerable<TokenSequence> all = target == SftTarget.Text
            ? Limited(JsonLines.Read(path), limit).Select(row => Whole(row, model))
            : TeachingRows.Read(path, format!.Format, needsExplanation: true, limit).Select(task => Completion(Spanned(task, target, format), model.Tokenizer));
        TokenSequence[] sequences = [.. all];
        if (sequences.Length == 0)
        {
            throw new DataException($"{path}: no rows; expected one JSON object a line with 'text'.");
        }

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

    private static TokenSequence Whole(JsonRow row, LanguageModel model)
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

    private static IEnumerable<JsonRow> Limited(IEnumerable<JsonRow> rows, int limit) => limit > 0 ? rows.Take(limit) : rows;
}
