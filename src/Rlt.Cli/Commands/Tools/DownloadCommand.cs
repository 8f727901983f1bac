using System.CommandLine;
using Rlt.Hub;

namespace Rlt.Cli.Commands.Tools;

/// <summary><c>rlt download</c>: a model or a data set of the Hub into the cache that Hugging Face's tools share.</summary>
internal static class DownloadCommand
{
    public static Command Create()
    {
        var command = new Command("download", "Brings a model or a data set of the Hub into the local cache, as the Hub has it now, and prints its folder.");
        var id = new Argument<string>("ID") { Description = "org/name, or org/name@revision" };
        Option<string?> revision = SharedOptions.Optional("--revision", "a branch, a tag or a commit; without it main");
        var type = new Option<string>("--type") { Description = "model or dataset", DefaultValueFactory = _ => "model" };
        type.AcceptOnlyFromAmong("model", "dataset");
        Option<string?> subset = SharedOptions.Optional("--subset", DataOptions.Subset), split = SharedOptions.Optional("--split", DataOptions.Split);
        command.Arguments.Add(id);
        command.Takes(revision, type, subset, split);
        command.SetAction(parsed =>
        {
            string text = parsed.GetValue(id)!;
            string asked = parsed.GetValue(revision) is { } given ? $"{text}@{given}" : text;
            HubKind kind = parsed.GetValue(type) == "model" ? HubKind.Model : HubKind.Dataset;
            HubId repository = HubId.TryParse(kind, asked)
                ?? throw new ConfigException($"'{asked}' is no id of the Hub; expected org/name, or org/name@revision.");
            if (kind == HubKind.Model && (parsed.GetValue(subset) ?? parsed.GetValue(split)) is { } part)
            {
                throw new ConfigException($"'{part}' is asked of a model, which has neither subsets nor splits; for a data set give --type dataset.");
            }

            Console.WriteLine(HubPath.Download(repository, parsed.GetValue(subset), parsed.GetValue(split)));
        });
        return command;
    }
}
