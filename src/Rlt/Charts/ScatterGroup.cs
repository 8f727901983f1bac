namespace Rlt.Charts;

/// <summary>Points of <see cref="ScatterChart"/> that belong together, in one colour.</summary>
/// <param name="Name">The legend's text.</param>
/// <param name="Points">The points; Y is a share, 0 to 1.</param>
public sealed record ScatterGroup(string Name, IReadOnlyList<(double X, double Y)> Points);
