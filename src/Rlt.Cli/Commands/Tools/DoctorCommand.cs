using System.CommandLine;
using Rlt.Benchmarks;
using Rlt.Models;
using Rlt.Planning;
using Rlt.Platform;
using Spectre.Console;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlt.Cli.Commands.Tools;

/// <summary><c>rlt doctor</c>: what the program found, and whether its numbers are right on every device.</summary>
internal static class DoctorCommand
{
    // bfloat16 keeps 8 bits: a log-probability of a few nats is right to a few hundredths.
    private const double Float32Tolerance = 1e-3;
    private const double BFloat16Tolerance = 0.25;

    public static Command Create()
    {
        var command = new Command("doctor", "Shows what was found (libtorch, devices, memory, threads) and checks a small model's numbers on every device.");
        command.SetAction(_ =>
        {
            TorchLibrary.Load();
            set_num_threads(Environment.ProcessorCount);
            Describe();
            bool right = Check();
            ShowCosts();
            return right ? 0 : 3;
        });
        return command;
    }

    private static void Describe()
    {
        var table = new Table().Border(TableBorder.None).HideHeaders().AddColumns("what", "value");
        table.AddRow("libtorch", TorchLibrary.Version);
        table.AddRow("products", TorchLibrary.Products);
        table.AddRow("threads", $"{get_num_threads()} of {Environment.ProcessorCount} cores");
        table.AddRow("memory", $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (1 << 30)} GiB");
        table.AddRow("CUDA devices", $"{cuda.device_count()}");
        table.AddRow(".NET", Environment.Version.ToString());
        Terminal.Write(table);
        Startup.WarnOnce();
    }

    // Tokens/s of a model of some size in each precision, after what starts up: what dtype costs here.
    private static void ShowCosts()
    {
        ModelConfig config = ModelConfig.Parse("""
            {"model_type": "qwen2", "hidden_size": 512, "num_hidden_layers": 4, "num_attention_heads": 8, "num_key_value_heads": 2, "intermediate_size": 1536,
             "vocab_size": 4096, "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "max_position_embeddings": 1024, "tie_word_embeddings": true, "hidden_act": "silu"}
            """);
        foreach (ScalarType dtype in (ScalarType[])[ScalarType.Float32, ScalarType.BFloat16])
        {
            using Decoder model = ModelFiles.Random(config, 7, dtype, CPU);
            string types = ModelSize.Describe(Precision.Bytes(dtype), Precision.Bytes(model.ActivationType));
            Console.WriteLine($"cpu, {types}: scores {TokensPerSecond(model):N0} tokens/s of a model of {config.ParameterCount / 1e6:F0} million parameters");
        }
    }

    private static double TokensPerSecond(Decoder model)
    {
        const int length = 512;
        TokenSequence[] sequences = [new TokenSequence([.. Enumerable.Range(0, length).Select(i => i * 37 % 4096)], 1)];
        return length / Stopwatches.Median(() => SequenceScorer.LogProbs(model, sequences, 1, 4096), CPU, repetitions: 3);
    }

    // The same seeded model scored on each device and in each precision, against float64 on the CPU.
    private static bool Check()
    {
        ModelConfig config = ModelConfig.Parse("""
            {"model_type": "qwen2", "hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 128,
             "vocab_size": 512, "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "max_position_embeddings": 512, "tie_word_embeddings": true, "hidden_act": "silu"}
            """);
        float[] exact = Score(config, ScalarType.Float64, CPU);
        bool good = true;
        foreach (Device device in (Device[])[CPU, .. Enumerable.Range(0, cuda.device_count()).Select(i => new Device(DeviceType.CUDA, i))])
        {
            foreach ((ScalarType dtype, double tolerance) in new[] { (ScalarType.Float32, Float32Tolerance), (ScalarType.BFloat16, BFloat16Tolerance) })
            {
                double worst = exact.Zip(Score(config, dtype, device), (e, a) => Math.Abs((double)e - a)).Max();
                good &= worst <= tolerance;
                string wrong = worst <= tolerance ? "" : $"; expected at most {tolerance}. These numbers are wrong";
                Console.WriteLine($"{device} {dtype}: log-probabilities differ from float64 by {worst:G2} at most{wrong}");
            }
        }

        return good;
    }

    private static float[] Score(ModelConfig config, ScalarType dtype, Device device)
    {
        using Decoder model = ModelFiles.Random(config, 7, ScalarType.Float32, CPU);
        foreach (Parameter parameter in model.Parameters)
        {
            // Weights far from zero, so that the distributions are not flat.
            parameter.Replace((parameter.Value * (parameter.Value.dim() > 1 ? 5 : 1)).to(dtype, device));
        }

        using var moved = new Decoder(config, model.Parameters);
        int[] ids = [.. Enumerable.Range(0, 300).Select(i => i * 37 % 512)];
        return SequenceScorer.LogProbs(moved, [new TokenSequence(ids, 1)], 1, 4096)[0];
    }
}
