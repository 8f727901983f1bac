using System.Text.Json.Nodes;
using Rlt.Generation;
using Rlt.Models;
using Rlt.Teaching;
using Rlt.Training.Teacher;

namespace Rlt.Tests.Training;

/// <summary>A student that follows its teacher: when, on what, and what a stop leaves of it.</summary>
public sealed class LiveStudentTests : IDisposable
{
    private readonly TrainingRun _run = new();

    private TeacherConfig Live => _run.Teacher with
    {
        StudentRefresh = new StudentRefresh { Every = 2, Steps = 2, BatchSize = 3, LearningRate = 1e-2 },
    };

    public void Dispose() => _run.Dispose();

    [Fact]
    public void RunTeacher_Refresh_StepsBeforeItAreThoseOfAFrozenStudentAndThoseAfterItAreNot()
    {
        _run.RunTeacher("frozen", _run.Teacher, scripted: Written);
        _run.RunTeacher("live", Live, scripted: Written, studentAfter: student =>
        {
            using LanguageModel kept = LanguageModel.Load(Path.Combine(_run["live"], "student"), TinyDirectory.Device);
            using LanguageModel start = LanguageModel.Load(_run.Student, TinyDirectory.Device);
            Assert.Equal(Numbers(student), Numbers(kept));
            Assert.NotEqual(Numbers(start), Numbers(kept));
        });
        double[] frozen = Metric("frozen", "reward"), live = Metric("live", "reward");
        Assert.Equal(frozen[..2], live[..2]);
        Assert.All(frozen[2..].Zip(live[2..]), pair => Assert.NotEqual(pair.First, pair.Second));
        Assert.False(Directory.Exists(Path.Combine(_run["frozen"], "student")));
        Assert.Equal([false, true, false, true], Rows("live").Select(row => row.ContainsKey("student_loss")));
    }

    [Fact]
    public void RunTeacher_RefreshesOnTheSameExplanations_TheStudentsLossFalls()
    {
        _run.RunTeacher("a", Live with { Steps = 8 }, scripted: (policy, format) => Scripted(policy, format, (_, _) => "two and three are five</e>"));
        double[] losses = [.. Rows("a").Where(row => row.ContainsKey("student_loss")).Select(row => row["student_loss"]!.GetValue<double>())];
        Assert.Equal(4, losses.Length);
        Assert.True(losses[3] < 0.8 * losses[0], string.Join(' ', losses));
    }

    // Six explanations are asked for: those of odd streams have no closing tag.
    [Fact]
    public void RunTeacher_ExplanationsThatAreOpenOrEmpty_AreNotLearned()
    {
        var asked = new List<ulong>();
        _run.RunTeacher("a", Live with { Steps = 2 }, scripted: (policy, format) => Scripted(policy, format, (_, stream) =>
        {
            asked.Add(stream);
            return stream % 2 == 0 ? "so</e>" : "so";
        }));
        Assert.Equal(asked[^6..].Count(stream => stream % 2 == 0), Rows("a")[1]["student_examples"]!.GetValue<int>());
        _run.RunTeacher("b", Live, scripted: (policy, format) => Scripted(policy, format, (_, _) => " </e>"));
        _run.RunTeacher("c", _run.Teacher, scripted: (policy, format) => Scripted(policy, format, (_, _) => " </e>"));
        Assert.Equal(0, Rows("b")[1]["student_examples"]!.GetValue<int>());
        Assert.Equal(Metric("c", "reward"), Metric("b", "reward"));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void RunTeacher_StoppedAroundARefreshAndResumed_EqualsUninterrupted(int after)
    {
        _run.RunTeacher("whole", Live, scripted: Written);
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => _run.RunTeacher("parts", Live, new RunWatcher(step =>
        {
            if (step == after)
            {
                stop.Cancel();
            }
        }), Written, stop: stop.Token));
        _run.RunTeacher("parts", Live, scripted: Written);
        Assert.Equal(_run.Weights("whole"), _run.Weights("parts"));
        Assert.Equal(_run.Metrics("whole"), _run.Metrics("parts"));
        Assert.Equal(StudentOf("whole"), StudentOf("parts"));
    }

    [Fact]
    public void RunTeacher_RefreshThatDiverges_NamesItsRate()
    {
        TeacherConfig config = Live with { StudentRefresh = Live.StudentRefresh! with { LearningRate = 1e38 } };
        RunFailedException error = Assert.Throws<RunFailedException>(() => _run.RunTeacher("a", config, scripted: Written));
        Assert.StartsWith("the student's refresh failed, whose rate is student_refresh.learning_rate: step 2: ", error.Message, StringComparison.Ordinal);
    }

    private static Explain Written(LanguageModel policy, TeachingFormat format) => Scripted(policy, format, (task, stream) => $"{task.Solution} of {stream % 5}</e>");

    // What is written depends on question and stream alone, and so not on where a run was stopped.
    private static Explain Scripted(LanguageModel policy, TeachingFormat format, Func<TeachingTask, ulong, string> write) => (tasks, streams, _) =>
        [.. tasks.SelectMany((task, place) => streams[place].Select(stream =>
        {
            string text = write(task, stream);
            int[] prompt = policy.Tokenizer.Encode(format.TeacherPrompt(task), addSpecialTokens: false).Ids, ids = policy.Tokenizer.Encode(text, addSpecialTokens: false).Ids;
            return new Explanation(task, prompt, new Sample(ids, [.. ids.Select(_ => -1f)], FinishReason.Stop), text);
        }))];

    private byte[] StudentOf(string name) => File.ReadAllBytes(Path.Combine(_run[name], "student", "model.safetensors"));

    private static float[][] Numbers(LanguageModel model) => [.. model.Decoder.Parameters.Select(parameter => parameter.Value.data<float>().ToArray())];

    private double[] Metric(string name, string key) => [.. Rows(name).Select(row => row[key]!.GetValue<double>())];

    private JsonObject[] Rows(string name) => [.. File.ReadAllLines(Path.Combine(_run[name], "metrics.jsonl")).Select(line => JsonNode.Parse(line)!.AsObject())];
}
