using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using Rlt.Configuration;
using Rlt.Configuration.Reference;

namespace Rlt.Cli.Commands.Tools;

/// <summary><c>rlt config</c>: every setting of a command, with type, default, range, meaning and source.</summary>
internal static class ConfigCommand
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The folder of the shipped schemas.</summary>
    public static string SchemaFolder => Path.Combine(AppContext.BaseDirectory, "configs", "schemas");

    public static Command Create()
    {
        string names = string.Join(", ", CommandSettings.All.Select(settings => settings.Name));
        var command = new Command("config", "Every setting of a command as a config file to edit: with type, default, range, meaning and source. "
            + "rlt config train-teacher > my.yaml; rlt train-teacher --config my.yaml");
        var of = new Argument<string>("COMMAND") { Description = $"whose settings: {names}" };
        var schema = new Option<bool>("--schema") { Description = "prints a JSON schema instead, by which an editor completes and checks config files" };
        command.Arguments.Add(of);
        command.Takes(schema);
        command.SetAction(parsed =>
        {
            string name = parsed.GetValue(of)!;
            CommandSettings settings = CommandSettings.Of(name) ?? throw new ConfigException(NearestKey.Find(name, CommandSettings.All.Select(one => one.Name)) is { } near
                ? $"'{name}' has no config; did you mean '{near}'?"
                : $"'{name}' has no config; expected one of {names}.");
            Console.Write(parsed.GetValue(schema) ? SchemaOf(settings) : YamlOf(settings));
        });
        return command;
    }

    /// <summary>The text of a schema file.</summary>
    public static string SchemaOf(CommandSettings settings) =>
        ConfigReference.Schema(settings.Record, $"rlt: the config of {settings.Name}").ToJsonString(Readable) + "\n";

    private static string YamlOf(CommandSettings settings) => ConfigReference.Yaml(
        settings.Record,
        $"yaml-language-server: $schema={Path.Combine(SchemaFolder, settings.Name + ".json")}",
        $"Every setting, at its default. To use it: {settings.Use}",
        "What is required and has no default is empty here: fill it in. Leave out what stays as it is.");
}
