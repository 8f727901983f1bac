using System.Diagnostics;
using System.Text.Json.Nodes;
using Rlt.Models;
using Rlt.Models.Gradients;
using Rlt.Statistics;
using Rlt.Teaching;
using Rlt.Training.Optimization;
using Rlt.Training.Sft;

namespace Rlt.Training.Teacher;

/// <summary>A student that follows its teacher, so that the reward asks what the student does not know yet.</summary>
/// <remarks>
/// A refresh is a small distillation: the teacher of the step explains the next questions of an order of their own, once each, and the student learns
/// those explanations that are closed and say something. It depends on seed and step alone. The paper's student is frozen.
/// </remarks>
internal sealed class LiveStudent : IDisposable
{
    // No step's number, and not that of held-out questions.
    private const long Streams = -2;
    private const double MaxGradNorm = 1;

    private readonly TeacherConfig _config;
    private readonly StudentRefresh _refresh;
    private readonly LanguageModel _student;
    private readonly IReadOnlyList<TeachingTask> _tasks;
    private readonly TeachingFormat _format;
    private readonly Explain _explain;

    /// <summary>A student that is to follow.</summary>
    /// <param name="config">The teacher's run, with a refresh.</param>
    /// <param name="student">The student, with weights of its own.</param>
    /// <param name="tasks">The questions.</param>
    /// <param name="format">The texts.</param>
    /// <param name="explain">The teacher.</param>
    public LiveStudent(TeacherConfig config, LanguageModel student, IReadOnlyList<TeachingTask> tasks, TeachingFormat format, Explain explain)
    {
        (_config, _refresh, _student, _tasks, _format, _explain) = (config, config.StudentRefresh!, student, tasks, format, explain);
        Learner = new Learner(student, new AdamW(student.Decoder, new AdamWOptions(), config.Optimizer.Offload));
    }

    /// <summary>The student with its optimizer.</summary>
    public Learner Learner { get; }

    /// <summary>Refreshes the student after a step of the teacher, if it is time, and adds what came of it to the step's metrics.</summary>
    /// <param name="stepsDone">Steps of the teacher done.</param>
    /// <param name="metrics">Receives the student's loss, the number of examples, and the seconds.</param>
    /// <exception cref="RunFailedException">The student's loss or gradients are not finite.</exception>
    public void Follow(int stepsDone, JsonObject metrics)
    {
        if (stepsDone % _refresh.Every != 0)
        {
            return;
        }

        var clock = Stopwatch.StartNew();
        TokenSequence[] examples = Examples(stepsDone / _refresh.Every - 1);
        double loss = 0;
        using (var gradients = new GradientStore(_student.Decoder, _config.Optimizer.OffloadGradients))
        {
            foreach (TokenSequence[] batch in examples.Chunk(_refresh.BatchSize))
            {
                double mean = SftLoss.Backward(_student.Decoder, gradients, batch, null, _config, seed: 0);
                Update(gradients, stepsDone, mean);
                loss += mean * batch.Length / examples.Length;
            }
        }

        if (examples.Length > 0)
        {
            metrics["student_loss"] = loss;
        }

        metrics["student_examples"] = examples.Length;
        metrics["seconds_refresh"] = Math.Round(clock.Elapsed.TotalSeconds, 4);
    }

    /// <inheritdoc/>
    public void Dispose() => Learner.Optimizer.Dispose();

    private TokenSequence[] Examples(int refresh)
    {
        int wanted = _refresh.Steps * _refresh.BatchSize;
        int[] chosen = EpochOrder.Slice(_tasks.Count, refresh, wanted, (long)RandomStream.Key(_config.Seed, Streams));
        TeachingTask[] tasks = [.. chosen.Select(question => _tasks[question])];
        IReadOnlyList<Explanation> explanations = _explain(
            tasks, [.. chosen.Select((question, place) => new[] { RandomStream.Key(_config.Seed, Streams, refresh, question, place) })], (_, _) => { });
        SftRow[] rows = [.. from explanation in explanations
                            let told = _format.Explanation(explanation.Text)
                            where told.Closed && !string.IsNullOrWhiteSpace(told.Explanation)
                            select new SftRow(explanation.Task with { Explanation = _format.Format.Padding + told.Explanation }, null)];
        return rows.Length == 0 ? []
            : [.. SftExample.Encode(rows, SftTarget.Student, _format, _student.Text, _student.Decoder.Config.MaxPositions).Sequences];
    }

    private void Update(GradientStore gradients, int stepsDone, double loss)
    {
        try
        {
            Optimization.Update.ClipAndStep(gradients, Learner.Optimizer, _refresh.LearningRate, MaxGradNorm, stepsDone - 1, loss);
        }
        catch (RunFailedException error)
        {
            throw new RunFailedException($"the student's refresh failed, whose rate is student_refresh.learning_rate: {error.Message}", error);
        }
    }
}
