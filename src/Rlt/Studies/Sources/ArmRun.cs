namespace Rlt.Studies.Sources;

/// <summary>What an arm came to with one seed.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Eval">The student's evaluation.</param>
/// <param name="Traces">What it learned from; null where the study does not say.</param>
/// <param name="Teacher">Who wrote that; null where the study does not say.</param>
public sealed record ArmRun(int Seed, EvalScores Eval, TraceFigures? Traces, TeacherFigures? Teacher);
