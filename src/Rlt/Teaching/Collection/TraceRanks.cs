using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Runs;
using Rlt.Teaching.Rewards;

namespace Rlt.Teaching.Collection;

/// <summary>Orders the traces of each question by a measure: rank 1 is its best.</summary>
public static class TraceRanks
{
    /// <summary>The rows of each rank, best first; within a rank in the order in which the questions come.</summary>
    /// <param name="rows">Scored traces, several a question.</param>
    /// <param name="by">The measure.</param>
    /// <param name="complete">Leaves out questions that have fewer traces than the others, so that every rank has the same questions.</param>
    /// <exception cref="DataException">There is no row with the measure, or a row has no question.</exception>
    /// <remarks>Source: RLT (arXiv 2506.08388), the partitions by reward of its analysis. Equal ones stay in the file's order.</remarks>
    public static IReadOnlyList<IReadOnlyList<JsonObject>> Of(IEnumerable<JsonRow> rows, TraceMeasure by, bool complete)
    {
        JsonRow[] scored = [.. rows.Where(row => row.Has(by.Field()))];
        JsonObject[][] questions = [.. scored.GroupBy(row => row.Text("question")).Select(traces => traces
            .OrderByDescending(row => by.Worth(RunRows.Number(row.File, row.Fields, by.Field()))).Select(row => row.Fields).ToArray())];
        if (questions.Length == 0)
        {
            throw new DataException($"no row has a '{by.Field()}'; expected traces that rlt score has scored, or that rlt collect wrote with a student.");
        }

        int ranks = questions.Max(traces => traces.Length);
        JsonObject[][] kept = complete ? [.. questions.Where(traces => traces.Length == ranks)] : questions;
        return [.. Enumerable.Range(0, ranks).Select(rank => kept.Where(traces => traces.Length > rank).Select(traces => traces[rank]).ToArray())];
    }
}
