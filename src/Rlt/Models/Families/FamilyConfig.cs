using Rlt.Models.Plans;

namespace Rlt.Models.Families;

/// <summary>What the families read of config.json in the same way. Where a field is unusable the problem is noted and a stand-in goes on.</summary>
/// <remarks>Field names and defaults are those of transformers' configurations, of version 4 and 5.</remarks>
/// <param name="json">The text part of config.json.</param>
/// <param name="type">The text part's "model_type".</param>
internal sealed class FamilyConfig(CheckedJson json, string type)
{
    // Bounds far above any model, so that sizes computed from them stay within 64 bits.
    internal const int MaxWidth = 1 << 20;
    private const int MaxLayers = 1 << 12;
    private const string Full = "full_attention", Sliding = "sliding_attention";
    private readonly int? _heads = json.Integer("num_attention_heads", 1, MaxWidth, DefaultsOf(type).Heads);
    private readonly int? _hidden = json.Integer("hidden_size", 1, MaxWidth);

    /// <summary>The fields.</summary>
    public CheckedJson Json => json;

    /// <summary>Width of the residual stream.</summary>
    public int Hidden => _hidden ?? 1;

    /// <summary>Decoder layers.</summary>
    public int LayerCount { get; } = json.Integer("num_hidden_layers", 1, MaxLayers) ?? 1;

    /// <summary>Query heads.</summary>
    public int Heads => _heads ?? 1;

    /// <summary>Width of the feed-forward.</summary>
    public int Inner { get; } = json.Integer("intermediate_size", 1, MaxWidth) ?? 1;

    /// <summary>The longest sequence, tokens.</summary>
    public int Positions { get; } = json.Integer("max_position_embeddings", 1, int.MaxValue, DefaultsOf(type).Positions) ?? 1;

    /// <summary>"attention_bias".</summary>
    public bool AttentionBias { get; } = json.Flag("attention_bias", orElse: false);

    /// <summary>What a published file of the family may leave out, because transformers fills it in.</summary>
    public FamilyDefaults Defaults { get; } = DefaultsOf(type);

    /// <summary>Layers made from their index.</summary>
    public LayerPlan[] Layers(Func<int, LayerPlan> layer) => [.. Enumerable.Range(0, LayerCount).Select(layer)];

    /// <summary>A positive whole number; 1 where it was noted.</summary>
    public int Size(string key, int? orElse = null) => json.Integer(key, 1, MaxWidth, orElse) ?? 1;

    /// <summary>Key and value heads; they must divide the query heads.</summary>
    public int KeyValueHeads(string key = "num_key_value_heads", int? orElse = null)
    {
        int? count = json.Integer(key, 1, MaxWidth, orElse ?? Defaults.KeyValueHeads ?? Heads);
        if (_heads % count is > 0)
        {
            json.Note(key, $"expected a divisor of num_attention_heads, {_heads}");
        }

        return count ?? 1;
    }

    /// <summary>"head_dim", or where the file has none the default, else the width over the heads.</summary>
    public int HeadSize(int? orElse = null)
    {
        if (json.Has("head_dim"))
        {
            return EvenSize("head_dim");
        }

        if ((orElse ?? Defaults.HeadSize) is { } known)
        {
            return known;
        }

        if (_hidden is { } hidden && _heads is { } heads && (hidden % heads != 0 || hidden / heads % 2 != 0))
        {
            json.Note("hidden_size", $"expected an even multiple of num_attention_heads, {heads}, where head_dim is missing");
        }

        return Math.Max(2, Hidden / Heads);
    }

    /// <summary>Experts: "num_local_experts", as version 5 of transformers writes it, or "num_experts".</summary>
    public int ExpertCount(int orElse) => Size(json.Has("num_local_experts") ? "num_local_experts" : "num_experts", orElse);

    /// <summary>A head's width.</summary>
    public int EvenSize(string key, int? orElse = null)
    {
        int? size = json.Integer(key, 2, MaxWidth, orElse);
        if (size % 2 is > 0)
        {
            json.Note(key, "expected an even number: rotary positions turn pairs");
            size++;
        }

        return size ?? 2;
    }

    /// <summary>Attention as Llama has it.</summary>
    /// <param name="headSize">Width of a head.</param>
    /// <param name="rotary">Its positions.</param>
    public AttentionPlan Attention(int headSize, RotaryPlan? rotary) => new()
    {
        Heads = Heads, KeyValueHeads = KeyValueHeads(), HeadSize = headSize, Rotary = rotary, Scale = 1 / Math.Sqrt(headSize),
        QueryKeyValueBias = AttentionBias, OutputBias = AttentionBias,
    };

    /// <summary>Refuses activations other than the family's.</summary>
    public void Activation(string key, params string[] expected)
    {
        if (json.Text(key) is { } name && !expected.Contains(name))
        {
            json.Note(key, $"only {string.Join(" or ", expected.Select(text => $"\"{text}\""))} is supported");
        }
    }

    /// <summary>"sliding_window"; 0 where it is null; the default where the file does not have it.</summary>
    public int Window(int orElse = 0) => json.Has("sliding_window") ? json.Integer("sliding_window", 1, int.MaxValue) ?? 1
        : json.Keys.Contains("sliding_window") ? 0 : orElse;

    /// <summary>Which layers are of another kind than full attention: by "layer_types" where the file has them, else by a rule.</summary>
    /// <param name="isOther">Whether a layer is, where the file does not say.</param>
    /// <param name="other">The other kind.</param>
    public bool[] Others(Func<int, bool> isOther, string other = Sliding)
    {
        if (!json.Has("layer_types"))
        {
            return [.. Enumerable.Range(0, LayerCount).Select(isOther)];
        }

        string?[] types = [.. json.Texts("layer_types")];
        if (types.Length != LayerCount || types.Any(type => type is not Full && type != other))
        {
            json.Note("layer_types", $"expected num_hidden_layers, {LayerCount}, entries of \"{Full}\" or \"{other}\"");
            return new bool[LayerCount];
        }

        return [.. types.Select(type => type == other)];
    }

    /// <summary>Refuses a sliding layer without a window.</summary>
    public int WindowOf(bool[] sliding, int window)
    {
        if (window == 0 && sliding.Contains(true))
        {
            json.Note("sliding_window", "expected the tokens that a sliding layer sees");
        }

        return window;
    }

    /// <summary>Rotary positions.</summary>
    /// <param name="headSize">Width of a head.</param>
    /// <param name="kind">The kind of layer, where a file may have positions for each; null for one for all.</param>
    /// <param name="theta">The base where the file has none.</param>
    /// <param name="partial">The share of a head that is turned where the file does not say; null: all, and the file may not say otherwise.</param>
    public RotaryPlan Rotary(int headSize, string? kind = null, double theta = 10_000, double? partial = null) =>
        new RopeReader(json, Positions).Read(headSize, kind, theta, partial);

    /// <summary>The kind of a sliding layer in "rope_parameters".</summary>
    public static string KindOf(bool sliding) => sliding ? Sliding : Full;

    private static FamilyDefaults DefaultsOf(string type) => type switch
    {
        "gemma3_text" => new(Heads: 8, KeyValueHeads: 4, HeadSize: 256, Vocabulary: 262_208, Positions: 131_072, Epsilon: 1e-6),
        "gemma4_text" => new(Heads: 8, KeyValueHeads: 4, HeadSize: 256, Vocabulary: 262_144, Positions: 131_072, Epsilon: 1e-6),
        _ => new(),
    };
}

/// <summary>Values of fields that a file may leave out; null where it may not.</summary>
internal sealed record FamilyDefaults(
    int? Heads = null, int? KeyValueHeads = null, int? HeadSize = null, int? Vocabulary = null, int? Positions = null, double? Epsilon = null);
