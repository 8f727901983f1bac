using Rlt.Configuration;

namespace Rlt.Training.Teacher;

/// <summary>Lets the student follow the teacher: every so many steps it is distilled on explanations that the teacher has just written.</summary>
public sealed record StudentRefresh : IValidated
{
    /// <summary>Steps of the teacher between two refreshes.</summary>
    public int Every { get; init; } = 10;

    /// <summary>Optimizer steps of a refresh.</summary>
    public int Steps { get; init; } = 4;

    /// <summary>Explanations of one such step, each of another question.</summary>
    public int BatchSize { get; init; } = 16;

    /// <summary>The student's learning rate; its optimizer (AdamW without decay, gradients clipped to 1) goes on from refresh to refresh.</summary>
    public double LearningRate { get; init; } = 1e-5;

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Problems() =>
    [
        .. Ranges.AtLeastOne((nameof(Every), Every), (nameof(Steps), Steps), (nameof(BatchSize), BatchSize)),
        .. LearningRate > 0 ? Array.Empty<ConfigProblem>() : [new ConfigProblem(nameof(LearningRate), $"is {LearningRate}; expected more than 0")],
    ];
}
