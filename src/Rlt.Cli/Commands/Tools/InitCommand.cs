using System.CommandLine;
using Rlt.Configuration;
using Rlt.Models;

namespace Rlt.Cli.Commands.Tools;

/// <summary><c>rlt init</c>: a model with random weights, to pre-train.</summary>
internal static class InitCommand
{
    public static Command Create()
    {
        var command = new Command("init", "Writes a model with random weights: a config.json and a tokenizer become a directory that can be trained.");
        Option<string> from = SharedOptions.Required("--from", "a directory with config.json and the tokenizer's files");
        Option<string> output = SharedOptions.Required("--out", "the model directory to write");
        command.Takes(from, output);
        var device = new DeviceOptions(command);
        command.SetAction(parsed =>
        {
            string target = parsed.GetValue(output)!;
            if (File.Exists(Path.Combine(target, "model.safetensors")))
            {
                throw new ConfigException($"{target} already holds a model. Choose another --out: nothing in it is overwritten.");
            }

            DeviceConfig where = device.Resolve(parsed);
            ModelConfig config = ModelConfig.Load(parsed.GetValue(from)!);
            using Decoder model = ModelFiles.Random(config, device.Seed(parsed), where.ResolveDtype() ?? TorchSharp.torch.ScalarType.Float32, where.Resolve());
            ModelFiles.Save(model, target, parsed.GetValue(from)!);
            Console.Error.WriteLine($"init: {config.ParameterCount:N0} parameters; {target}");
        });
        return command;
    }
}
