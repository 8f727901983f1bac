using System.CommandLine;
using Rlt.Cli.Commands;
using Rlt.Configuration;

namespace Rlt.Cli;

/// <summary>One line on what is wrong with a command line, with what was probably meant.</summary>
internal static class WrongCommandLine
{
    /// <summary>The line: the first word that is not known, or all that is missing.</summary>
    public static string Message(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        string wrong = parsed.UnmatchedTokens is [var word, ..]
            ? Unknown(command, word, [.. parsed.UnmatchedTokens.Skip(1)])
            : string.Join(' ', parsed.Errors.Select(error => error.Message.ReplaceLineEndings(" ")).Distinct());
        return $"{wrong} See: rlt {Path(command)}--help";
    }

    private static string Unknown(Command command, string word, string[] after)
    {
        if (!word.StartsWith('-'))
        {
            IEnumerable<string> names = command.Subcommands.Select(inner => inner.Name);
            return command.Subcommands.Count > 0 ? $"'{word}' is not a command{Meant(NearestKey.Find(word, names))}"
                : $"'{word}' is no argument of {Path(command).TrimEnd()}; expected options and their values.";
        }

        string[] parts = word.Split('=', 2);
        string option = parts[0], value = parts is [_, var given] ? given : after is [var next, ..] && !next.StartsWith("--", StringComparison.Ordinal) ? next : "VALUE";
        if (command is RootCommand)
        {
            return $"'{option}' is not an option of rlt; expected a command first.";
        }

        string key = option.TrimStart('-').Replace('-', '_');
        string[] options = [.. command.Options.SelectMany(known => known.Aliases.Prepend(known.Name)).Where(name => name.StartsWith("--", StringComparison.Ordinal))];
        if (CommandSettings.Of(command.Name) is { } settings && options.Contains("--set"))
        {
            string[] keys = [.. ConfigSchema.AllKeys(settings.Record)];
            string[] meant = Ending(keys, key);
            if (meant.Length == 0 && NearestKey.Find(option, options) is null && NearestKey.Find(key, keys.Select(Last)) is { } near)
            {
                meant = Ending(keys, near);
            }

            if (meant.Length > 0)
            {
                return $"'{option}' is a setting and not an option of {Path(command).TrimEnd()}. Write {string.Join(" or ", meant.Select(one => $"'--set {one}={value}'"))}.";
            }
        }

        return $"'{option}' is not an option of {Path(command).TrimEnd()}{Meant(NearestKey.Find(option, options))}";
    }

    private static string[] Ending(string[] keys, string key) => [.. keys.Where(one => one == key || Last(one) == key)];

    private static string Last(string key) => key[(key.LastIndexOf('.') + 1)..];

    private static string Meant(string? near) => near is null ? "." : $"; did you mean '{near}'?";

    private static string Path(Command command) => command is RootCommand ? "" : Path((Command)command.Parents.First()) + command.Name + " ";
}
