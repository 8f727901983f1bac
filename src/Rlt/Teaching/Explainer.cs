using Rlt.Generation;
using Rlt.Models;

namespace Rlt.Teaching;

/// <summary>One explanation written by a teacher.</summary>
/// <param name="Task">What it explains.</param>
/// <param name="Prompt">The teacher prompt's tokens.</param>
/// <param name="Sample">The drawn tokens.</param>
/// <param name="Text">The completion, special tokens left out.</param>
public sealed record Explanation(TeachingTask Task, int[] Prompt, Sample Sample, string Text);

/// <summary>Lets a teacher write explanations, each to its closing tag or to where the model stops.</summary>
public sealed class Explainer(LanguageModel teacher, TeachingFormat format, SamplingOptions sampling)
{
    private readonly SamplingEngine _engine = new(
        teacher.Decoder, teacher.Tokenizer, sampling with { StopIds = teacher.StopIds, StopTexts = [format.Format.ExplanationClose] });

    /// <summary>Writes explanations of tasks.</summary>
    /// <param name="tasks">The tasks.</param>
    /// <param name="streams">For each task, the random streams of its samples.</param>
    /// <param name="progress">Is told how far the work has come.</param>
    /// <param name="stop">Ends the work early.</param>
    /// <returns>The explanations, task by task, each task's in the order of its streams.</returns>
    public IReadOnlyList<Explanation> Explain(
        IReadOnlyList<TeachingTask> tasks, IReadOnlyList<ulong[]> streams, WorkProgress? progress = null, CancellationToken stop = default)
    {
        SamplingRequest[] requests = [.. tasks.Select((task, i) =>
            new SamplingRequest(teacher.Tokenizer.Encode(format.TeacherPrompt(task), addSpecialTokens: false).Ids, streams[i]))];
        Sample[][] samples = _engine.Run(requests, stop: stop, progress: progress);
        return [.. tasks.SelectMany((task, i) => samples[i].Select(sample =>
            new Explanation(task, requests[i].Prompt, sample, _engine.Text(sample))))];
    }
}
