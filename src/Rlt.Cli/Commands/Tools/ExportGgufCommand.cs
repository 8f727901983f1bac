using System.CommandLine;
using Rlt.Files;
using Rlt.Models;
using Rlt.Models.Gguf;
using Rlt.Runs;

namespace Rlt.Cli.Commands.Tools;

/// <summary><c>rlt export-gguf</c>: a model as llama.cpp and Ollama read it.</summary>
internal static class ExportGgufCommand
{
    public static Command Create()
    {
        var command = new Command("export-gguf", "Writes a model as one GGUF file for llama.cpp, LM Studio and others, with Ollama's Modelfile beside it.");
        Option<string> model = SharedOptions.Required("--model", "a whole model's directory, a run's, or a Hub id");
        Option<string> output = SharedOptions.Required("--out", "the file to write, such as student.gguf");
        var type = new Option<string>("--type")
        {
            Description = "of the matrices: f32, f16, bf16, or q8_0 (8 bits and a scale for each 32)", DefaultValueFactory = _ => "f16",
        };
        type.AcceptOnlyFromAmong([.. Enum.GetNames<GgufType>().Select(name => name.ToLowerInvariant())]);
        command.Takes(model, output, type);
        command.SetAction(parsed =>
        {
            string file = parsed.GetValue(output)!, directory = Startup.ModelAt(parsed.GetValue(model)!);
            if (File.Exists(file) || Directory.Exists(file))
            {
                throw new ConfigException($"{file} is there already. Choose another --out: nothing is overwritten.");
            }

            var text = ModelText.Load(directory);
            string name = CardText.NameOf(Path.GetFullPath(directory));
            IReadOnlyList<string> notes = GgufExport.Write(text, file, Enum.Parse<GgufType>(parsed.GetValue(type)!, ignoreCase: true), name);
            string modelfile = Path.ChangeExtension(file, ".Modelfile");
            AtomicFile.WriteText(modelfile, OllamaModelfile.Of(Path.GetFileName(file), text));
            foreach (string note in notes)
            {
                Console.Error.WriteLine($"note: {note}");
            }

            Console.Error.WriteLine($"export-gguf: {new FileInfo(file).Length / 1048576.0:N1} MiB; {file}, {modelfile}");
        });
        return command;
    }
}
