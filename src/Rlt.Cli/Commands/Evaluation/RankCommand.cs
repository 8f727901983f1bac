using System.CommandLine;
using Rlt.Data;
using Rlt.Runs;
using Rlt.Teaching.Collection;
using Rlt.Teaching.Rewards;

namespace Rlt.Cli.Commands.Evaluation;

/// <summary><c>rlt rank</c>: the traces of each question by their reward or another measure, a file a rank.</summary>
internal static class RankCommand
{
    public static Command Create()
    {
        var command = new Command(
            "rank", "Splits scored traces by reward or another measure: OUT/rank-1.jsonl has each question's best trace, rank-2.jsonl its second, and so on.");
        Option<string> output = SharedOptions.Required("--out", "the directory to write");
        var by = new Option<TraceMeasure>("--by")
        {
            Description = "what is best: the highest reward; the highest likelihood (the student's mean log-likelihood of explanation and solution); "
                + "the least surprise (the highest mean of its surprisal over a window of them); the shortest length",
        };
        var complete = new Option<bool>("--complete")
        {
            Description = "leaves out questions that have fewer traces than others, so that every file has the same questions",
        };
        var input = new InputOptions(command, "traces of rlt collect (keep: all, with a student), or rows of rlt score; several a question");
        command.Takes(output, by, complete);
        command.SetAction(parsed =>
        {
            TraceMeasure measure = parsed.GetValue(by);
            var ranks = TraceRanks.Of(input.Rows(parsed), measure, parsed.GetValue(complete));
            string directory = parsed.GetValue(output)!;
            Directory.CreateDirectory(directory);
            for (int rank = 0; rank < ranks.Count; rank++)
            {
                JsonLines.Write(Path.Combine(directory, $"rank-{rank + 1}.jsonl"), ranks[rank]);
                Console.WriteLine(FormattableString.Invariant(
                    $"rank {rank + 1}: {ranks[rank].Count} traces, mean {measure.Field()} {ranks[rank].Average(row => Metrics.Number(row[measure.Field()]!)):0.###}"));
            }
        });
        return command;
    }
}
