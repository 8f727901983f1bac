using System.CommandLine;
using Rlt.Reports;

namespace Rlt.Cli.Commands.Evaluation;

/// <summary><c>rlt eval compare</c>: whether one model is better than another on the same questions.</summary>
internal static class EvalCompareCommand
{
    public static Command Create()
    {
        var command = new Command("compare", "Two models on the same questions: a paired test for each benchmark, questions gained and lost.");
        var first = new Argument<string>("A") { Description = "a run of eval, or a folder of runs, one a benchmark" };
        var second = new Argument<string>("B") { Description = "the run, or folder of runs, to compare with it" };
        command.Arguments.Add(first);
        command.Arguments.Add(second);
        command.SetAction(parsed =>
        {
            string a = parsed.GetValue(first)!, b = parsed.GetValue(second)!;
            (IEnumerable<EvalComparison> comparisons, IReadOnlyList<string> leftOut) = EvalRuns.Compare(a, b);
            Console.WriteLine($"A: {a}\nB: {b}\n");
            Console.WriteLine(EvalComparison.Markdown([.. comparisons]));
            Startup.Warn(leftOut);
        });
        return command;
    }
}
