using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Runs;

namespace Rlt.Teaching.Collection;

/// <summary>Orders the scored traces of each question by reward: rank 1 is its best.</summary>
public static class TraceRanks
{
    /// <summary>The rows of each rank, best first; within a rank in the order in which the questions come.</summary>
    /// <param name="rows">Scored traces, several a question.</param>
    /// <param name="complete">Leaves out questions that have fewer traces than the others, so that every rank has the same questions.</param>
    /// <exception cref="DataException">There is no row with a reward, or a row has no question.</exception>
    /// <remarks>Source: RLT (arXiv 2506.08388), the partitions by reward of its analysis. Equal rewards stay in the file's order.</remarks>
    public static IReadOnlyList<IReadOnlyList<JsonObject>> Of(IEnumerable<JsonRow> rows, bool complete)
    {
        JsonRow[] scored = [.. rows.Where(row => row.Has("reward"))];
        JsonObject[][] questions = [.. scored.GroupBy(row => row.Text("question")).Select(traces => traces
            .OrderByDescending(row => RunRows.Number(row.File, row.Fields, "reward")).Select(row => row.Fields).ToArray())];
        if (questions.Length == 0)
        {
            throw new DataException("no row has a 'reward'; expected traces that rlt score has scored, or that rlt collect wrote with a student.");
        }

        int ranks = questions.Max(traces => traces.Length);
        JsonObject[][] kept = complete ? [.. questions.Where(traces => traces.Length == ranks)] : questions;
        return [.. Enumerable.Range(0, ranks).Select(rank => kept.Where(traces => traces.Length > rank).Select(traces => traces[rank]).ToArray())];
    }
}
