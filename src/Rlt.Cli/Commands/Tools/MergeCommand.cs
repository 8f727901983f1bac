using System.CommandLine;
using Rlt.Models;
using Rlt.Teaching;

namespace Rlt.Cli.Commands.Tools;

/// <summary><c>rlt merge</c>: adapters and their base model become one whole model.</summary>
internal static class MergeCommand
{
    public static Command Create()
    {
        var command = new Command("merge", "Adds LoRA adapters to the weights of their base model: a plain model directory.");
        Option<string> model = SharedOptions.Required("--model", "a directory with adapter_config.json, such as a LoRA run's model");
        Option<string> output = SharedOptions.Required("--out", "the model directory to write");
        command.Takes(model, output);
        var device = new DeviceOptions(command);
        command.SetAction(parsed =>
        {
            string target = parsed.GetValue(output)!;
            if (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any())
            {
                throw new ConfigException($"{target} is not empty. Choose another --out: nothing in it is overwritten.");
            }

            using LanguageModel loaded = LanguageModel.Load(Startup.ModelAt(parsed.GetValue(model)!), device.Resolve(parsed));
            if (loaded.Decoder.Adapters is null)
            {
                throw new ConfigException($"{loaded.Directory} is a whole model (it has no adapter_config.json); expected the directory of LoRA adapters.");
            }

            using Decoder merged = loaded.Decoder.Merged();
            ModelFiles.Save(merged, target, loaded.TokenizerDirectory);
            string record = Path.Combine(loaded.Directory, TeacherRecord.FileName);
            if (File.Exists(record))
            {
                File.Copy(record, Path.Combine(target, TeacherRecord.FileName));
            }

            Console.Error.WriteLine($"merge: {loaded.Directory} on {loaded.BaseDirectory}; {target}");
        });
        return command;
    }
}
