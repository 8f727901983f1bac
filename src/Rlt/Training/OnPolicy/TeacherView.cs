using Rlt.Models;
using Rlt.Teaching;
using Rlt.Teaching.Rewards;
using Rlt.Text.Tokenization;

namespace Rlt.Training.OnPolicy;

/// <summary>Puts a student's answers into the context of a teacher, who may see more than the student.</summary>
/// <remarks>
/// A teacher that answers the question itself is given the answer's very tokens after its own prompt. An RLT teacher explains: its explanation is the
/// student's thought, and of the two texts the tokens count that both have at the same characters of it, as in the reward. Where the
/// teacher would close its explanation, the student would close its thought.
/// </remarks>
public sealed class TeacherView
{
    private readonly OnPolicyTeacher _config;
    private readonly PromptFormat _tags;
    private readonly ModelText _student;
    private readonly TeachingFormat _studentFormat;
    private readonly TeachingFormat _format;
    private readonly ChatRenderer _chat;

    /// <summary>A view of a teacher.</summary>
    /// <param name="config">What it sees.</param>
    /// <param name="tags">The tags and system prompts.</param>
    /// <param name="student">The student's tokenizer, which the teacher shares, and template.</param>
    /// <param name="studentFormat">The student's texts.</param>
    /// <param name="teacher">The teacher's template.</param>
    public TeacherView(OnPolicyTeacher config, PromptFormat tags, ModelText student, TeachingFormat studentFormat, ModelText teacher)
    {
        (_config, _tags, _student, _studentFormat) = (config, tags, student, studentFormat);
        _chat = new ChatRenderer(teacher.RequireTemplate());
        _format = new TeachingFormat(tags, _chat, _chat);
        Positions = teacher.Config.MaxPositions - (config.Server.Url is null ? 0 : 1);
        int[] close = Ids(tags.ExplanationClose), thoughtClose = Ids(tags.ThoughtClose);
        Renamed = config.Sees == TeacherSees.Explanation && close[0] != thoughtClose[0] ? (close[0], thoughtClose[0]) : null;
    }

    /// <summary>The token by which the teacher begins to close its explanation, and the one by which the student closes its thought; null where they are the same.</summary>
    public (int Teacher, int Student)? Renamed { get; }

    /// <summary>Tokens that the teacher takes; a server draws one more.</summary>
    public int Positions { get; }

    /// <summary>The teacher's prompt for a task.</summary>
    public string Prompt(TeachingTask task) => _config.Sees switch
    {
        TeacherSees.Explanation => _format.TeacherPrompt(task),
        TeacherSees.Solution => _chat.Prompt(System(task), _config.Prompt is { } prompt
            ? prompt.Replace(OnPolicyTeacher.Question, task.Question, StringComparison.Ordinal).Replace(OnPolicyTeacher.Solution, task.Solution.Trim(), StringComparison.Ordinal)
            : task.Question + _tags.Delimiter + _tags.SolutionOpen + task.Solution + _tags.SolutionClose),
        _ => _chat.Prompt(System(task), task.Question),
    };

    /// <summary>An answer to a task, in both contexts.</summary>
    /// <param name="task">The task.</param>
    /// <param name="student">The student's prompt and the answer.</param>
    /// <param name="positions">Tokens that the teacher takes; of longer answers the beginning is compared.</param>
    internal AlignedAnswer Align(TeachingTask task, TokenSequence student, int positions)
    {
        if (_config.Sees == TeacherSees.Explanation)
        {
            return AlignThought(task, student, positions);
        }

        int[] prompt = Ids(Prompt(task));
        int taken = Math.Min(student.ScoredCount, Math.Max(0, positions - prompt.Length));
        var teacher = new TokenSequence([.. prompt, .. student.Ids.AsSpan(student.From, taken)], prompt.Length);
        return new AlignedAnswer(student, teacher, taken == student.ScoredCount
            ? null : [.. Enumerable.Range(0, student.ScoredCount).Select(i => i < taken ? i : -1)]);
    }

    private string System(TeachingTask task) => task.StudentSystem ?? _tags.StudentSystem;

    private int[] Ids(string text) => _student.Tokenizer.Encode(text, addSpecialTokens: false).Ids;

    private AlignedAnswer AlignThought(TeachingTask task, TokenSequence student, int positions)
    {
        string text = _student.Tokenizer.Decode(student.Ids);
        int prompt = _studentFormat.StudentPrompt(task).Length;
        int[] places = new int[student.ScoredCount];
        Array.Fill(places, -1);
        TextSpan thought = Thought(text, prompt);

        // Drawn tokens need not be those of their text; where they part, their characters are no longer known.
        Encoding whole = _student.Tokenizer.Encode(text, addSpecialTokens: false);
        int same = whole.Ids.AsSpan().CommonPrefixLength(student.Ids);
        SpannedText asked = _format.TeacherText(task, text[thought.Start..thought.End]);
        Encoding teacher = _student.Tokenizer.Encode(asked.Text, addSpecialTokens: false);
        List<(int Teacher, int Student)> pairs = [.. SpanToken.Shared(teacher, asked.Explanation, whole, thought)
            .Select(pair => (pair.One.Index, pair.Other.Index)).Where(pair => pair.Item2 < same && pair.Item2 >= student.From && pair.Item1 < positions)];
        int end = Closing(whole, thought.End), teacherEnd = Closing(teacher, asked.Explanation.End);
        if (end >= student.From && end < same && teacherEnd >= 0 && teacherEnd < positions)
        {
            pairs.Add((teacherEnd, end));
        }

        if (pairs.Count == 0)
        {
            int[] alone = Ids(Prompt(task));
            return new AlignedAnswer(student, new TokenSequence(alone, alone.Length), places);
        }

        int first = pairs.Min(pair => pair.Teacher);
        foreach ((int ofTeacher, int ofStudent) in pairs)
        {
            places[ofStudent - student.From] = ofTeacher - first;
        }

        return new AlignedAnswer(student, new TokenSequence(teacher.Ids[..(pairs.Max(pair => pair.Teacher) + 1)], first), places);
    }

    // Between the opening tag with its padding, which the prompt may have, and the closing tag; empty where there is no thought, to the end where it is open.
    private TextSpan Thought(string text, int prompt)
    {
        int opened = text.IndexOf(_tags.ThoughtOpen, prompt, StringComparison.Ordinal);
        int from = opened >= 0 ? opened + _tags.ThoughtOpen.Length
            : text.AsSpan(0, Math.Min(prompt, text.Length)).TrimEnd().EndsWith(_tags.ThoughtOpen, StringComparison.Ordinal) ? prompt : text.Length;
        from += from < text.Length && text.AsSpan(from).StartsWith(_tags.Padding, StringComparison.Ordinal) ? _tags.Padding.Length : 0;
        int close = from <= text.Length ? text.IndexOf(_tags.ThoughtClose, from, StringComparison.Ordinal) : -1;
        return new TextSpan(from, close < 0 ? text.Length : close);
    }

    // The token that begins exactly where the closing tag does.
    private static int Closing(Encoding encoding, int at) => Array.FindIndex(encoding.Offsets, span => span.Start == at && !span.IsEmpty);
}
