using Rlt.Configuration;
using Rlt.Models;
using Rlt.Teaching;
using static TorchSharp.torch;

namespace Rlt.Tests;

/// <summary>A model directory with a tiny Qwen2, the golden tiny tokenizer and a chat template, as a user would have one.</summary>
internal static class TinyDirectory
{
    /// <summary>A template in the manner of ChatML.</summary>
    public const string Template =
        "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    /// <summary>Tags short enough for a tiny context.</summary>
    public static PromptFormat Format { get; } = new()
    {
        TeacherSystem = "",
        StudentSystem = "",
        SolutionOpen = "<s>",
        SolutionClose = "</s>",
        ExplanationOpen = "<e>",
        ExplanationClose = "</e>",
        ThoughtOpen = "<t>",
        ThoughtClose = "</t>",
        Delimiter = "\n",
        Padding = "\n",
        PadPlainText = false,
    };

    /// <summary><see cref="Format"/> as a file.</summary>
    public const string FormatYaml = """
        teacher_system: ""
        student_system: ""
        solution_open: "<s>"
        solution_close: "</s>"
        explanation_open: "<e>"
        explanation_close: "</e>"
        thought_open: "<t>"
        thought_close: "</t>"
        delimiter: "\n"
        padding: "\n"
        pad_plain_text: false

        """;

    /// <summary>One thread, which a model of this size does not use up.</summary>
    public static DeviceConfig Device { get; } = new() { Threads = 1 };

    /// <summary>Writes the directory.</summary>
    public static string Write(string directory, long seed = 1, int context = 256, bool withTemplate = true, double scale = 1, string? family = null)
    {
        Directory.CreateDirectory(directory);
        WriteTokenizer(directory, withTemplate);
        string config = family is null ? ConfigJson(context) : OfFamily(family, context);
        File.WriteAllText(Path.Combine(directory, "config.json"), config);
        using Decoder model = ModelFiles.Random(ModelConfig.Load(directory), seed, ScalarType.Float32, CPU);
        using (no_grad())
        {
            foreach (Parameter parameter in model.Parameters.Where(parameter => parameter.Value.dim() > 1))
            {
                parameter.Value.mul_(scale);
            }
        }

        ModelFiles.Save(model, directory, null);
        return directory;
    }

    /// <summary>Writes the tokenizer's files alone.</summary>
    public static void WriteTokenizer(string directory, bool withTemplate = true)
    {
        Directory.CreateDirectory(directory);
        File.Copy(Path.Combine(Golden.RepositoryRoot, "tests", "golden", "tokenizer_tiny", "tokenizer.json"), Path.Combine(directory, "tokenizer.json"));
        var config = new System.Text.Json.Nodes.JsonObject { ["eos_token"] = "<|im_end|>" };
        if (withTemplate)
        {
            config["chat_template"] = Template;
        }

        File.WriteAllText(Path.Combine(directory, "tokenizer_config.json"), config.ToJsonString());
    }

    private static string OfFamily(string family, int context)
    {
        System.Text.Json.Nodes.JsonObject config = TinyModel.ConfigOf(family).Raw;
        (config["vocab_size"], config["max_position_embeddings"], config["bos_token_id"], config["eos_token_id"]) = (1024, context, 1020, 1022);
        return config.ToJsonString();
    }

    public static string ConfigJson(int context) => $$"""
        {
          "architectures": ["Qwen2ForCausalLM"],
          "model_type": "qwen2", "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1,
          "head_dim": 8, "intermediate_size": 32, "vocab_size": 1024, "rms_norm_eps": 1e-6, "rope_theta": 10000.0,
          "max_position_embeddings": {{context}}, "tie_word_embeddings": true, "hidden_act": "silu", "torch_dtype": "float32",
          "bos_token_id": 1020, "eos_token_id": 1022
        }
        """;
}
