namespace Rlt.Teaching.Rewards;

/// <summary>How much an explanation looks like one that games the reward; each sign is 0 (not at all) to 1.</summary>
/// <param name="LeaksEarly">1 where the final answer is told in the first fifth.</param>
/// <param name="CopiesSolution">Share of the solution that is copied.</param>
/// <param name="Repetition">Share of the explanation that repeats itself.</param>
public sealed record ExplanationSigns(double LeaksEarly, double CopiesSolution, double Repetition)
{
    /// <summary>The signs of an explanation of a task, without its tags.</summary>
    public static ExplanationSigns Of(string explanation, TeachingTask task) => new(
        ExplanationGuards.LeaksEarly(explanation, task.Answer) ? 1 : 0,
        ExplanationGuards.CopiedShare(explanation, task.Solution),
        ExplanationGuards.RepeatedShare(explanation));
}
