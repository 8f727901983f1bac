using Rlt.Models;
using Rlt.Teaching;
using Rlt.Tests.Data;
using Rlt.Training.OnPolicy;

namespace Rlt.Tests.Training;

/// <summary>A student's answer in its teacher's context: which tokens are the same.</summary>
public sealed class TeacherViewTests : IDisposable
{
    private static readonly TeachingTask Task = new("2 + 3?", "5");

    private readonly ScratchDirectory _scratch = new();
    private readonly ModelText _text;
    private readonly TeachingFormat _format;

    public TeacherViewTests()
    {
        _text = ModelText.Load(TinyDirectory.Write(_scratch["model"]));
        _format = TeachingFormat.ForOne(TinyDirectory.Format, _text);
    }

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(TeacherSees.Question, null, "<|im_start|>user\n2 + 3?<|im_end|>\n<|im_start|>assistant\n")]
    [InlineData(TeacherSees.Solution, null, "<|im_start|>user\n2 + 3?\n<s>5</s><|im_end|>\n<|im_start|>assistant\n")]
    [InlineData(TeacherSees.Solution, "{question} It is {solution}.", "<|im_start|>user\n2 + 3? It is 5.<|im_end|>\n<|im_start|>assistant\n")]
    [InlineData(TeacherSees.Explanation, null, "<|im_start|>user\n2 + 3?<|im_end|>\n<|im_start|>assistant\n<s>5</s>\n<e>\n")]
    public void Prompt_WhatTheTeacherSees_AsItIsWritten(TeacherSees sees, string? prompt, string expected) =>
        Assert.Equal(expected, View(new OnPolicyTeacher { Sees = sees, Prompt = prompt }).Prompt(Task));

    [Fact]
    public void Prompt_QuestionThatSpeaksOfAPlace_StaysAsItIs() => Assert.Contains(
        "user\nWhat is {solution}? 5<|im_end|>",
        View(new OnPolicyTeacher { Sees = TeacherSees.Solution, Prompt = "{question} {solution}" }).Prompt(Task with { Question = "What is {solution}?" }),
        StringComparison.Ordinal);

    [Fact]
    public void Align_TeacherSeesTheSolution_HasTheVeryTokensOfTheAnswer()
    {
        // Tokens that no text is encoded as stay as they were drawn.
        var student = new TokenSequence([.. Ids(_format.StudentPrompt(Task)), 70, 70, 71, 72], Ids(_format.StudentPrompt(Task)).Length);
        AlignedAnswer answer = View(new OnPolicyTeacher { Sees = TeacherSees.Solution }).Align(Task, student, 256);
        Assert.Null(answer.Places);
        Assert.Equal(student.Ids[student.From..], answer.Teacher.Ids[answer.Teacher.From..]);
        Assert.True(answer.Teacher.From > student.From);
        int room = answer.Teacher.From + 2;
        AlignedAnswer cut = View(new OnPolicyTeacher { Sees = TeacherSees.Solution }).Align(Task, student, room);
        Assert.Equal([0, 1, -1, -1], cut.Places!);
        Assert.Equal((room, 2), (cut.Teacher.Ids.Length, cut.Learned));
    }

    [Theory]
    [InlineData("<t>\nadd them up</t>\n<s>6</s><|im_end|>", "add them up")]
    [InlineData("<t>\nadd them", "add them")]
    [InlineData("no thought<|im_end|>", "no thought")]
    [InlineData("<t>", "")]
    public void Align_TeacherExplains_TheThoughtIsTheExplanation(string text, string thought)
    {
        string prompt = _format.StudentPrompt(Task);
        var student = new TokenSequence(Ids(prompt + text), Ids(prompt).Length);
        TeacherView view = View(new OnPolicyTeacher { Sees = TeacherSees.Explanation });
        AlignedAnswer answer = view.Align(Task, student, 256);
        (int Own, int Its)[] pairs = [.. answer.Places!.Index().Where(place => place.Item >= 0)
            .Select(place => (answer.Student.Ids[answer.Student.From + place.Index], answer.Teacher.Ids[answer.Teacher.From + place.Item]))];
        bool closed = text.Contains("</t>", StringComparison.Ordinal);
        (int Own, int Its)[] inThought = closed ? pairs[..^1] : pairs;
        Assert.All(inThought, pair => Assert.Equal(pair.Own, pair.Its));
        Assert.Equal(thought, _text.Tokenizer.Decode([.. inThought.Select(pair => pair.Own)]));
        Assert.Equal(Ids(prompt).Length, answer.Student.From);
        Assert.True(answer.IsGiven);

        // After a closed thought the solution is the known one, whatever was drawn.
        Assert.Equal($"<t>\n{thought}{(closed ? "</t>\n<s>5</s><|im_end|>\n" : "")}", _text.Tokenizer.Decode(answer.Student.Ids[answer.Student.From..]));
        if (closed)
        {
            // Where the student closes its thought, the teacher closes its explanation.
            Assert.Equal((Ids("</t>")[0], Ids("</e>")[0]), (pairs[^1].Own, pairs[^1].Its));
        }
    }

    private TeacherView View(OnPolicyTeacher teacher) => new(teacher, TinyDirectory.Format, _text, _format, _text);

    private int[] Ids(string text) => _text.Tokenizer.Encode(text, addSpecialTokens: false).Ids;
}
