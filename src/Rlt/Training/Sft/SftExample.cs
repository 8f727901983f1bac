using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Models;
using Rlt.Teaching;
using Rlt.Text.Tokenization;

namespace Rlt.Training.Sft;

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
    private const int MostNamed = 5;

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

    /// <summary>The token sequences of rows. Rows that the cutoff leaves nothing to learn are left out, and named.</summary>
    /// <param name="rows">What <see cref="Read"/> read for the same target.</param>
    /// <param name="target">What to learn.</param>
    /// <param name="format">The tags and chat texts; not needed for <see cref="SftTarget.Text"/>.</param>
    /// <param name="model">The learning model: its tokenizer and chat template.</param>
    /// <param name="cutoff">Tokens a sequence is cut to.</param>
    /// <exception cref="DataException">A conversation cannot be rendered whole, or no row has anything to learn.</exception>
    public static SftExamples Encode(IReadOnlyList<SftRow> rows, SftTarget target, TeachingFormat? format, ModelText model, int cutoff)
    {
        var lacking = new List<string>();
        (SftRow Row, TokenSequence Sequence)[] whole = [.. rows.Select(row => (row, row.Task is { } task
            ? Completion(Spanned(task, target, format!), model.Tokenizer) : Whole(row.Text!, model, lacking)))];
        ILookup<bool, (SftRow Row, TokenSequence Sequence)> isLearned = whole.ToLookup(row => Math.Min(row.Sequence.Ids.Length, cutoff) > row.Sequence.From);
        (SftRow Row, TokenSequence Sequence)[] learned = [.. isLearned[true]];
        if (learned.Length == 0)
        {
            (SftRow row, TokenSequence first) = whole[0];
            throw new DataException(
                $"{row.Place}: nothing is left to learn within {cutoff} tokens, here and in all {whole.Length} rows: "
                + $"the row has {first.Ids.Length} tokens, what it teaches begins after {first.From}. "
                + "Raise cutoff, or use a model with a longer context.");
        }

        List<string> warnings = [];
        if (learned.Length < whole.Length)
        {
            string[] lost = [.. isLearned[false].Select(row => row.Row.Place)];
            warnings.Add($"{lost.Length} of {whole.Length} rows have nothing left to learn within {cutoff} tokens and are left out: {Places(lost)}");
        }

        if (lacking.Count > 0)
        {
            warnings.Add($"{lacking.Count} of {whole.Length} rows lose their thought in the chat template of {model.Directory}, "
                + $"and answers without it are learned: {Places(lacking)}. "
                + "Use a template that writes the last turn's thought, or a format (target: student)");
        }

        int cut = learned.Count(row => row.Sequence.Ids.Length > cutoff);
        if (cut > 0)
        {
            warnings.Add($"{cut} of {learned.Length} rows are longer than {cutoff} tokens and were cut");
        }

        int? turnEnd = TurnEnd([.. learned.Select(row => row.Sequence)], model);
        if (turnEnd is null && rows.Any(row => row.Task is not null || row.Text!.Has("messages")))
        {
            warnings.Add($"the chat template of {model.Directory} ends turns in no special token, "
                + "so the model does not learn to stop; expected a template that does");
        }

        return new SftExamples(
            [.. learned.Select(row => Cut(row.Sequence, cutoff))], [.. learned.Select(row => row.Row)], turnEnd, warnings, whole.Length - learned.Length, cut);
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

    private static TokenSequence Whole(JsonRow row, ModelText model, List<string> lacking)
    {
        if (!row.Has("messages"))
        {
            return new TokenSequence(model.Tokenizer.EncodeWhole(row.Text("text")), 1);
        }

        var conversation = ConversationText.Of(row, model.RequireTemplate());
        if (conversation.LacksThought)
        {
            lacking.Add(row.Place);
        }

        return WithOneEnd(Completion((conversation.Text, conversation.From), model.Tokenizer), model.Tokenizer);
    }

    // Words that bring the token with which the template ends their turn.
    private static TokenSequence WithOneEnd(TokenSequence sequence, Tokenizer tokenizer)
    {
        int last = WholeText.LastWord(sequence.Ids, tokenizer);
        bool twice = last > 0 && sequence.Ids[last] == sequence.Ids[last - 1] && tokenizer.IsSpecial(sequence.Ids[last]);
        return twice ? sequence with { Ids = [.. sequence.Ids[..last], .. sequence.Ids[(last + 1)..]] } : sequence;
    }

    private static TokenSequence Cut(TokenSequence sequence, int cutoff) =>
        sequence.Ids.Length > cutoff ? sequence with { Ids = sequence.Ids[..cutoff] } : sequence;

    // Texts of several sources may end in several tokens; the model is to stop where most of them do.
    private static int? TurnEnd(TokenSequence[] sequences, ModelText model)
    {
        IEnumerable<int> last = sequences.Select(sequence => WholeText.LastWord(sequence.Ids, model.Tokenizer) is var at and >= 0 ? sequence.Ids[at] : -1);
        (int end, int count) = last.CountBy(id => id).MaxBy(pair => pair.Value);
        return 2 * count > sequences.Length && (model.Tokenizer.IsSpecial(end) || model.StopIds.Contains(end)) ? end : null;
    }

    private static string Places(IReadOnlyList<string> places) =>
        string.Join(", ", places.Take(MostNamed)) + (places.Count > MostNamed ? $" and {places.Count - MostNamed} more" : "");

    private static SftRow TextRow(JsonRow row)
    {
        if (row.Has("messages"))
        {
            return row.Fields["messages"] is JsonArray { Count: > 0 }
                ? new SftRow(null, row)
                : throw row.Problem("'messages' is not a list of turns; expected [{\"role\", \"content\"}, …].");
        }

        _ = row.Text("text");
        return new SftRow(null, row);
    }
}

/// <summary>The token sequences that supervised fine-tuning learns.</summary>
/// <param name="Sequences">One for each row with something to learn, in the file's order.</param>
/// <param name="Rows">The rows that they are of.</param>
/// <param name="TurnEnd">The special token in which most of the texts end, blank space left aside; null where they end in none.</param>
/// <param name="Warnings">What a user should know of the rows before they are learned.</param>
/// <param name="LeftOut">Rows with nothing to learn.</param>
/// <param name="Cut">Rows that were cut.</param>
public sealed record SftExamples(
    IReadOnlyList<TokenSequence> Sequences, IReadOnlyList<SftRow> Rows, int? TurnEnd, IReadOnlyList<string> Warnings, int LeftOut, int Cut);

/// <summary>A row that supervised fine-tuning can learn from.</summary>
/// <param name="Task">The task with its explanation, for a teacher or student.</param>
/// <param name="Text">The row of a text or conversation to learn; null where there is a task.</param>
public sealed record SftRow(TeachingTask? Task, JsonRow? Text)
{
    /// <summary>Where it is, "FILE:LINE".</summary>
    public string Place => Task?.Place ?? Text!.Place;
}
