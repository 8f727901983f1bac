using System.CommandLine;
using Rlt.SmallWorld;

namespace Rlt.Cli.Commands.Tools;

/// <summary><c>rlt world</c>: the small world's data and tokenizer.</summary>
internal static class WorldCommand
{
    public static Command Create()
    {
        var command = new Command("world", "Writes the small world: word problems for every stage, a tokenizer and a model config.");
        Option<string> output = SharedOptions.Required("--out", "the directory to write");
        var seed = new Option<int>("--seed") { Description = "seeds everything random", DefaultValueFactory = _ => 1 };
        command.Takes(output, seed);
        command.SetAction(parsed => WorldFiles.Write(parsed.GetValue(output)!, parsed.GetValue(seed), new WorldSizes()));
        return command;
    }
}
