using System.Text.Json.Nodes;
using Rlt.Evaluation;
using Rlt.Evaluation.Protocols;
using Rlt.Evaluation.Questions;
using Rlt.Generation;
using Rlt.Grading;
using Rlt.Models;
using Rlt.Statistics;
using Rlt.Teaching;
using Rlt.Training.Grpo;

namespace Rlt.Training.Solver;

/// <summary>GRPO's task of a solver: answers, rewarded where they are right.</summary>
internal sealed class SolvingGrpo(
    SolverConfig config, LanguageModel policy, IReadOnlyList<EvalQuestion> questions, AnswerKind kind, PromptFormat? format) : IGrpoTask<SolvingRollout>
{
    private readonly EnginePrompt _prompt = new(policy.Text, config.TemplateArgs);

    private readonly SamplingEngine _engine = new(policy.Decoder, policy.Tokenizer, new SamplingOptions
    {
        Temperature = config.Temperature,
        MaxNewTokens = config.MaxNewTokens,
        MaxRows = config.SamplingRows,
        StopIds = policy.StopIds,
    });

    /// <inheritdoc/>
    public int Count => questions.Count;

    /// <inheritdoc/>
    public IReadOnlyList<SolvingRollout> Draw(IReadOnlyList<int> chosen, IReadOnlyList<ulong[]> streams, PhaseClock phases)
    {
        SamplingRequest[] requests = [.. chosen.Select((question, i) => new SamplingRequest(_prompt.Ids(questions[question]), streams[i]))];
        Sample[][] samples = _engine.Run(requests, progress: phases.During("sample"));
        phases.End("sample", samples.Sum(group => group.Sum(sample => sample.Ids.Length)));
        string[] opened = [.. chosen.Select(question => _prompt.OpenedThought(questions[question]))];
        SolvingRollout[] graded = [.. chosen.SelectMany((question, i) =>
            samples[i].Select(sample => Grade(questions[question], requests[i].Prompt, opened[i], sample)))];
        phases.End("score");
        return graded;
    }

    /// <summary>Adds the share of right answers, of answers that state none, and of questions that all or none of a group's answers solve.</summary>
    public void AddMetrics(JsonObject metrics, RolloutBatch<SolvingRollout> batch)
    {
        double[] solved = [.. batch.Rollouts.Chunk(config.GroupSize).Select(group => group.Average(answer => answer.Verdict.Correct ? 1.0 : 0))];
        metrics["correct"] = solved.Average();
        metrics["no_answer"] = batch.Rollouts.Average(answer => answer.Verdict.Extracted is null ? 1.0 : 0);
        metrics["solved_by_all"] = solved.Average(share => share == 1 ? 1.0 : 0);
        metrics["solved_by_none"] = solved.Average(share => share == 0 ? 1.0 : 0);
        if (format is not null)
        {
            metrics["whole_form"] = batch.Rollouts.Average(answer => answer.IsWhole ? 1.0 : 0);
        }
    }

    /// <summary>Adds the share of right answers, and the mean reward.</summary>
    public void Measure(JsonObject metrics, IReadOnlyList<SolvingRollout[]> groups)
    {
        double[][] correct = [.. groups.Select(group => group.Select(answer => answer.Verdict.Correct ? 1.0 : 0).ToArray())];
        Validation.Add(metrics, BestMetric.HeldOutAccuracy.Name, correct.Average(samples => samples.Average()), QuestionInterval.OfMean(correct));
        metrics[BestMetric.HeldOutReward.Name] = groups.Average(group => group.Average(answer => answer.Reward));
    }

    private SolvingRollout Grade(EvalQuestion question, int[] prompt, string openedThought, Sample sample)
    {
        bool truncated = sample.Finish != FinishReason.Stop;
        string text = _engine.Text(sample);
        Verdict verdict = Protocol.Strict.Grade(kind, question, openedThought + text, truncated);
        bool whole = format is not null && !truncated && AnswerForm.IsWhole(format, text);
        return new SolvingRollout(question, prompt, sample, text, verdict, whole, config.Reward.Of(verdict.Correct, whole));
    }
}

/// <summary>An answer that a policy has drawn, graded.</summary>
internal sealed record SolvingRollout(EvalQuestion Question, int[] Prompt, Sample Sample, string Text, Verdict Verdict, bool IsWhole, double Reward)
    : Rollout(Prompt, Sample, Text, Reward)
{
    /// <inheritdoc/>
    public override JsonObject ToRow() => new()
    {
        ["question"] = Question.Task.Question,
        ["answer"] = Question.Answer,
        ["completion"] = Text,
        ["completion_tokens"] = Sample.Ids.Length,
        ["extracted"] = Verdict.Extracted,
        ["correct"] = Verdict.Correct,
        ["reward"] = Reward,
    };
}
