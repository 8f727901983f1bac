using System.Text.Json.Nodes;
using Rlt.Evaluation;
using Rlt.Generation;
using Rlt.Grading;
using Rlt.Training.Grpo;

namespace Rlt.Training.Solver;

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
