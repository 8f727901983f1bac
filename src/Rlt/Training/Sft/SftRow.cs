using Rlt.Data;
using Rlt.Teaching;

namespace Rlt.Training.Sft;

/// <summary>A row that supervised fine-tuning can learn from.</summary>
/// <param name="Task">The task with its explanation, for a teacher or student.</param>
/// <param name="Text">The row of a text or conversation to learn; null where there is a task.</param>
public sealed record SftRow(TeachingTask? Task, JsonRow? Text);
