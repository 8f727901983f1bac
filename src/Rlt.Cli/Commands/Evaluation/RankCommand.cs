using System.CommandLine;
using Rlt.Data;
using Rlt.Teaching.Collection;

namespace Rlt.Cli.Commands.Evaluation;

/// <summary><c>rlt rank</c>: scored traces by their reward, a file a rank.</summary>
internal static class RankCommand
{
    public static Command Create()
    {
        var command = new Command(
            "rank", "Splits scored traces by reward: OUT/rank-1.jsonl has each question's best trace, rank-2.jsonl its second, and so on.");
        Option<string> output = SharedOptions.Required("--out", "the directory to write");
        var complete = new Option<bool>("--complete")
        {
            Description = "leaves out questions that have fewer traces than others, so that every file has the same questions",
        };
        var input = new InputOptions(command, "traces of rlt collect (keep: all, with a student), or rows of rlt score; several a question");
        command.Takes(output, complete);
        command.SetAction(parsed =>
        {
            var ranks = TraceRanks.Of(input.Rows(parsed), parsed.GetValue(complete));
            string directory = parsed.GetValue(output)!;
            Directory.CreateDirectory(directory);
            for (int rank = 0; rank < ranks.Count; rank++)
            {
                JsonLines.Write(Path.Combine(directory, $"rank-{rank + 1}.jsonl"), ranks[rank]);
                Console.WriteLine(FormattableString.Invariant(
                    $"rank {rank + 1}: {ranks[rank].Count} traces, mean reward {ranks[rank].Average(row => row["reward"]!.GetValue<double>()):0.###}"));
            }
        });
        return command;
    }
}
