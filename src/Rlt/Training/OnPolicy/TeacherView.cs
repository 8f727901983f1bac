using Rlt.Models;
using Rlt.Teaching;
using Rlt.Teaching.Rewards;
using Rlt.Text.Tokenization;

namespace Rlt.Training.OnPolicy;

/// <summary>Puts a student's answers into the context of a teacher, who may see more than the student.</summary>
/// <remarks>
/// A teacher that answers the question itself is given the answer's very tokens after its own prompt. An RLT teacher explains: its explanation is the
/// student's thought, and of the two texts the tokens are compared that both have at the same characters of it, as in the reward. Where the
/// teacher would close its explanation, the student would close its thought. The tags and, after a closed thought, the solution are given: the
/// teacher says nothing of them, and what is not learned gets lost.
/// </remarks>
public sealed class TeacherView
{
    private readonly OnPolicyTeacher _config;
    private readonly PromptFormat _tags;
    private readonly ModelText _student;
    private readonly TeachingFormat _studentFormat;
    private readonly TeachingFormat _format;
    private readonly ChatRenderer _chat;
    private readonly string _turnEnd;

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
        _turnEnd = new ChatRenderer(student.RequireTemplate()).TurnEnd.Trim();
        int[] close = Ids(tags.ExplanationClose), thoughtClose = Ids(tags.ThoughtClose);
        Renamed = config.Sees == TeacherSees.Explanation && close[0] != thoughtClose[0] ? (close[0], thoughtClose[0]) : null;
    }

    /// <summary>
    /// The token by which the teacher begins to close its explanation, and the one by which the student closes its thought; null where they are the same.
    /// </summary>
    public (int Teacher, int Student)? Renamed { get; }

    /// <summary>Tokens that the teacher takes; a server draws one more.</summary>
    public int Positions { get; }

    /// <summary>The teacher's prompt for a task.</summary>
    public string Prompt(TeachingTask task) => _config.Sees switch
    {
        TeacherSees.Explanation => _format.TeacherPrompt(task),
        TeacherSees.Solution => _chat.Prompt(System(task), _config.Prompt is { } prompt
            ? string.Join(task.Question, prompt.Split(OnPolicyTeacher.Question)
                .Select(part => part.Replace(OnPolicyTeacher.Solution, task.Solution.Trim(), StringComparison.Ordinal)))
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

    private int[] Ids(string text) => Encoded(text).Ids;

    // The student's view of the reward: its own thought, and then the solution as it is known.
    private AlignedAnswer AlignThought(TeachingTask task, TokenSequence student, int positions)
    {
        int prompt = _studentFormat.StudentPrompt(task).Length;
        (string thought, bool closed) = Thought(_student.Tokenizer.Decode(student.Ids)[prompt..]);
        SpannedText own = _studentFormat.StudentText(task, thought), asked = _format.TeacherText(task, thought);
        Encoding whole = Encoded(closed ? own.Text : own.Text[..own.Explanation.End]), teacher = Encoded(asked.Text);
        int from = Math.Max(1, Array.FindIndex(whole.Offsets, span => span.Start >= prompt)), end = Math.Min(whole.Ids.Length, _student.Config.MaxPositions);
        List<(int Teacher, int Student)> pairs = [.. SpanToken.Shared(teacher, asked.Explanation, whole, own.Explanation)
            .Select(pair => (pair.One.Index, pair.Other.Index))];
        if (closed && Closing(teacher, asked.Explanation.End) is var ofTeacher and >= 0 && Closing(whole, own.Explanation.End) is var ofStudent and >= 0)
        {
            pairs.Add((ofTeacher, ofStudent));
        }

        pairs.RemoveAll(pair => pair.Student < from || pair.Student >= end || pair.Teacher >= positions);
        int first = pairs.Select(pair => pair.Teacher).DefaultIfEmpty(teacher.Ids.Length).Min();
        int[] places = [.. Enumerable.Repeat(-1, end - from)];
        pairs.ForEach(pair => places[pair.Student - from] = pair.Teacher - first);
        int last = pairs.Select(pair => pair.Teacher).DefaultIfEmpty(first - 1).Max();
        return new AlignedAnswer(new TokenSequence(whole.Ids[..end], from), new TokenSequence(teacher.Ids[..(last + 1)], first), places) { IsGiven = true };
    }

    private Encoding Encoded(string text) => _student.Tokenizer.Encode(text, addSpecialTokens: false);

    // Between the tags, of which the prompt may have the opening one; to the end of the turn where there is no closing one.
    private (string Thought, bool Closed) Thought(string answer)
    {
        int opened = answer.IndexOf(_tags.ThoughtOpen, StringComparison.Ordinal);
        string thought = _studentFormat.WithoutPadding(opened < 0 ? answer : answer[(opened + _tags.ThoughtOpen.Length)..]);
        int close = thought.IndexOf(_tags.ThoughtClose, StringComparison.Ordinal), turnEnd = thought.IndexOf(_turnEnd, StringComparison.Ordinal);
        return close >= 0 ? (thought[..close], true) : (turnEnd >= 0 ? thought[..turnEnd] : thought, false);
    }

    // The token that begins exactly where the closing tag does.
    private static int Closing(Encoding encoding, int at) => Array.FindIndex(encoding.Offsets, span => span.Start == at && !span.IsEmpty);
}
