using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Rlt.SmallWorld;

/// <summary>
/// The tokenizer and configuration of the world's models, as Hugging Face files. The tokenizer is a byte-level BPE whose vocabulary is
/// the 256 bytes, every number and every word of the world; <c>ignore_merges</c> takes known words whole, other text becomes bytes.
/// </summary>
internal static class WorldModel
{
    /// <summary>Splits text into words and numbers with the space before them, and single signs.</summary>
    private const string SplitPattern = @" ?\\boxed\{| ?\p{L}+| ?\p{N}{1,2}| ?[^\s\p{L}\p{N}]|\s+(?!\S)|\s";

    /// <summary>The hidden size of every model of the quickstart: 0.86 million parameters.</summary>
    public const int Width = 128;

    /// <summary>The larger students': 3.3 million, about four times as many.</summary>
    public const int LargeWidth = 256;

    private const int HeadSize = 32;

    private static readonly (string Text, bool IsSpecial)[] s_added =
    [
        ("<|pad|>", true), ("<|end|>", true), ("<|system|>", true), ("<|user|>", true), ("<|assistant|>", true),
        ("<solution>", false), ("</solution>", false), ("<explain>", false), ("</explain>", false),
        ("<think>", false), ("</think>", false), ("<answer>", false), ("</answer>", false),
    ];

    private const string ChatTemplate =
        "{% for message in messages %}{{ '<|' + message.role + '|>' + message.content + '<|end|>' }}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}";

    /// <summary>Every file's name and content.</summary>
    /// <param name="width">The model's hidden size; its parameters grow with the square.</param>
    public static IEnumerable<(string Name, JsonObject Content)> All(int width)
    {
        var vocabulary = new JsonObject();
        foreach (string piece in Vocabulary())
        {
            vocabulary.Add(piece, vocabulary.Count);
        }

        int firstAdded = vocabulary.Count;
        yield return ("tokenizer.json", Tokenizer(vocabulary, firstAdded));
        yield return ("tokenizer_config.json", TokenizerConfig(firstAdded));
        yield return ("config.json", ModelConfig(firstAdded, width));
        yield return ("generation_config.json", new JsonObject
        {
            ["do_sample"] = true,
            ["temperature"] = 0.7,
            ["eos_token_id"] = firstAdded + 1,
            ["pad_token_id"] = firstAdded,
        });
    }

    private static IEnumerable<string> Vocabulary()
    {
        for (int value = 0; value < 256; value++)
        {
            yield return ByteLetter((byte)value).ToString();
        }

        foreach (string word in WorldWords.All)
        {
            yield return string.Concat(Encoding.UTF8.GetBytes(word).Select(ByteLetter));
        }
    }

    /// <summary>The printable letter that stands for a byte in a byte-level vocabulary.</summary>
    private static char ByteLetter(byte value)
    {
        if (IsPrintable(value))
        {
            return (char)value;
        }

        int rank = Enumerable.Range(0, value).Count(b => !IsPrintable((byte)b));
        return (char)(256 + rank);
    }

    private static bool IsPrintable(byte value) => value is (>= (byte)'!' and <= (byte)'~') or (>= 0xA1 and <= 0xAC) or >= 0xAE;

    private static JsonObject Tokenizer(JsonObject vocabulary, int firstAdded) => new()
    {
        ["version"] = "1.0",
        ["truncation"] = null,
        ["padding"] = null,
        ["added_tokens"] = new JsonArray([.. s_added.Select((token, i) => Added(token.Text, token.IsSpecial, firstAdded + i))]),
        ["normalizer"] = null,
        ["pre_tokenizer"] = new JsonObject
        {
            ["type"] = "Sequence",
            ["pretokenizers"] = new JsonArray(
                new JsonObject
                {
                    ["type"] = "Split",
                    ["pattern"] = new JsonObject { ["Regex"] = SplitPattern },
                    ["behavior"] = "Isolated",
                    ["invert"] = false,
                },
                ByteLevel()),
        },
        ["post_processor"] = null,
        ["decoder"] = ByteLevel(),
        ["model"] = new JsonObject
        {
            ["type"] = "BPE",
            ["dropout"] = null,
            ["unk_token"] = null,
            ["continuing_subword_prefix"] = null,
            ["end_of_word_suffix"] = null,
            ["fuse_unk"] = false,
            ["byte_fallback"] = false,
            ["ignore_merges"] = true,
            ["vocab"] = vocabulary,
            ["merges"] = new JsonArray(),
        },
    };

    private static JsonObject ByteLevel() => new()
    {
        ["type"] = "ByteLevel",
        ["add_prefix_space"] = false,
        ["trim_offsets"] = false,
        ["use_regex"] = false,
    };

    private static JsonObject Added(string text, bool isSpecial, int id) => new()
    {
        ["id"] = id,
        ["content"] = text,
        ["single_word"] = false,
        ["lstrip"] = false,
        ["rstrip"] = false,
        ["normalized"] = false,
        ["special"] = isSpecial,
    };

    private static JsonObject TokenizerConfig(int firstAdded)
    {
        var decoder = new JsonObject();
        for (int i = 0; i < s_added.Length; i++)
        {
            JsonObject token = Added(s_added[i].Text, s_added[i].IsSpecial, firstAdded + i);
            token.Remove("id");
            decoder.Add((firstAdded + i).ToString(CultureInfo.InvariantCulture), token);
        }

        return new JsonObject
        {
            ["tokenizer_class"] = "PreTrainedTokenizerFast",
            ["added_tokens_decoder"] = decoder,
            ["eos_token"] = "<|end|>",
            ["pad_token"] = "<|pad|>",
            ["clean_up_tokenization_spaces"] = false,
            ["model_max_length"] = 512,
            ["chat_template"] = ChatTemplate,
        };
    }

    private static JsonObject ModelConfig(int firstAdded, int width) => new()
    {
        ["architectures"] = new JsonArray("Qwen2ForCausalLM"),
        ["model_type"] = "qwen2",
        ["vocab_size"] = firstAdded + s_added.Length,
        ["hidden_size"] = width,
        ["intermediate_size"] = 3 * width,
        ["num_hidden_layers"] = 4,
        ["num_attention_heads"] = width / HeadSize,
        ["num_key_value_heads"] = width / HeadSize / 2,
        ["max_position_embeddings"] = 512,
        ["rope_theta"] = 10000.0,
        ["rms_norm_eps"] = 1e-6,
        ["hidden_act"] = "silu",
        ["tie_word_embeddings"] = true,
        ["attention_dropout"] = 0.0,
        ["initializer_range"] = 0.02,
        ["use_sliding_window"] = false,
        ["eos_token_id"] = firstAdded + 1,
        ["pad_token_id"] = firstAdded,
        ["torch_dtype"] = "float32",
    };
}
