namespace Rlt.Data;

/// <summary>What a data file's rows became.</summary>
/// <param name="Rows">One for each row that can be used, in the file's order.</param>
/// <param name="LeftOut">Rows that cannot.</param>
/// <param name="Warning">What to tell about them; null where there are none.</param>
public sealed record UsableRows<T>(IReadOnlyList<T> Rows, int LeftOut, string? Warning);
