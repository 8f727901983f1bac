namespace Rlt.Charts;

/// <summary>A bar of <see cref="SeedBarChart"/>: an arm of an experiment.</summary>
/// <param name="Name">The short name under the bar.</param>
/// <param name="Label">What it is, below the name, as far as there is room.</param>
/// <param name="Value">Its height, 0 to 1.</param>
/// <param name="Low">The interval's lower end.</param>
/// <param name="High">The interval's upper end.</param>
/// <param name="Seeds">Each seed's value, a dot.</param>
public sealed record SeedBar(string Name, string Label, double Value, double Low, double High, IReadOnlyList<double> Seeds);
