using Rlt.Teaching;
using Rlt.Training;

namespace Rlt.Cli.Commands.Training;

/// <summary>Checks of the rows that a run is measured on.</summary>
internal static class HeldOutRows
{
    /// <summary>Warns of held-out questions that are trained on, which then measure what is known by heart.</summary>
    public static IEnumerable<string> Warnings(TrainingConfig config, IReadOnlyList<TeachingTask> trained, IReadOnlyList<TeachingTask> heldOut)
    {
        HashSet<string> questions = [.. trained.Select(task => task.Question)];
        int seen = heldOut.Count(task => questions.Contains(task.Question));
        return seen == 0 ? [] : [$"validate.data: {seen} of the {heldOut.Count} questions of {config.Validate?.Data} are trained on, too; expected others"];
    }
}
