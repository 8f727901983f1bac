using System.CommandLine;
using Rlt.Models;
using TorchSharp;

namespace Rlt.Cli.Commands;

/// <summary><c>rlt merge</c>: adapters and their base model become one whole model.</summary>
internal static class MergeCommand
{
    public static Command Create()
    {
        var command = new Command("merge", "Adds LoRA adapters to the weights of their base model: a plain model directory.");
        Option<string> model = SharedOptions.Required("--model", "a directory with adapter_config.json, such as a LoRA run's model");
        Option<string> output = SharedOptions.Required("--out", "the model directory to write");
        command.Options.Add(model);
        command.Options.Add(output);
        var device = new DeviceOptions(command);
        command.SetAction(parsed =>
        {
            string target = parsed.GetValue(output)!;
            if (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any())
            {
                throw new ConfigException($"{target} is not empty. Choose another --out: nothing in it is overwritten.");
            }

            using LanguageModel loaded = LanguageModel.Load(parsed.GetValue(model)!, device.Resolve(parsed));
            if (loaded.Decoder.Adapters is null)
            {
                throw new ConfigException($"{loaded.Directory} is a whole model (it has no adapter_config.json); expected the directory of LoRA adapters.");
            }

            using Decoder merged = loaded.Decoder.Merged();
            NameDtype(merged);
            ModelFiles.Save(merged, target, loaded.TokenizerDirectory);
            Console.Error.WriteLine($"merge: {loaded.Directory} on {loaded.BaseDirectory}; {target}");
        });
        return command;
    }

    // config.json names the dtype that the weights are written in; transformers 5 renamed the key.
    private static void NameDtype(Decoder model)
    {
        string name = model.Dtype switch
        {
            torch.ScalarType.BFloat16 => "bfloat16",
            torch.ScalarType.Float16 => "float16",
            _ => "float32",
        };
        string key = model.Config.Raw.ContainsKey("dtype") ? "dtype" : "torch_dtype";
        if (model.Config.Raw[key]?.ToString() != name)
        {
            model.Config.Raw[key] = name;
        }
    }
}
