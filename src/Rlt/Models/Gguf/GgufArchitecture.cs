using Rlt.Models.Plans;

namespace Rlt.Models.Gguf;

/// <summary>A family as llama.cpp has it: the architecture's name, the names of its layers' tensors, and what of a plan it can run.</summary>
/// <remarks>Source: llama.cpp's tensor names and metadata keys (gguf-py's constants); each is tested against llama.cpp's own greedy decoding.</remarks>
/// <param name="Name">"general.architecture".</param>
internal sealed record GgufArchitecture(string Name)
{
    private static readonly (string, string)[] Attention =
    [
        ("input_layernorm.weight", "attn_norm.weight"), ("self_attn.q_proj.weight", "attn_q.weight"), ("self_attn.k_proj.weight", "attn_k.weight"),
        ("self_attn.v_proj.weight", "attn_v.weight"), ("self_attn.o_proj.weight", "attn_output.weight"),
    ];

    private static readonly (string, string)[] HeadNorms =
        [("self_attn.q_norm.weight", "attn_q_norm.weight"), ("self_attn.k_norm.weight", "attn_k_norm.weight")];

    private static readonly (string, string)[] Biases =
        [("self_attn.q_proj.bias", "attn_q.bias"), ("self_attn.k_proj.bias", "attn_k.bias"), ("self_attn.v_proj.bias", "attn_v.bias")];

    private static readonly (string, string)[] NormBefore = [("post_attention_layernorm.weight", "ffn_norm.weight")];

    private static readonly (string, string)[] Dense =
        [("mlp.gate_proj.weight", "ffn_gate.weight"), ("mlp.up_proj.weight", "ffn_up.weight"), ("mlp.down_proj.weight", "ffn_down.weight")];

    private static readonly (string, string)[] NormsAfter =
        [("post_attention_layernorm.weight", "post_attention_norm.weight"), ("post_feedforward_layernorm.weight", "post_ffw_norm.weight")];

    /// <summary>The layers' tensors: checkpoint names to llama.cpp's; <c>*</c> stands for an expert's number.</summary>
    public required IReadOnlyDictionary<string, string> Names { get; init; }

    /// <summary>Are a head's turned pairs neighbours, where checkpoints have them half a head apart.</summary>
    public bool TurnsNeighbours { get; init; }

    /// <summary>Every which layer is full where the others slide, as llama.cpp has it built in; 0: it cannot slide.</summary>
    public int FullEvery { get; init; }

    /// <summary>Must the query heads be together as wide as the model.</summary>
    public bool HeadsFillWidth { get; init; }

    /// <summary>The stretchings of positions that it can run, beside none and linear.</summary>
    public IReadOnlyList<Type> Scalings { get; init; } = [typeof(RopeScaling.Yarn)];

    /// <summary>The architecture of a model.</summary>
    /// <exception cref="CheckpointException">llama.cpp has none that computes the same.</exception>
    public static GgufArchitecture Of(ModelConfig config)
    {
        GgufArchitecture found = config.ModelType switch
        {
            "llama" or "mistral" => new GgufArchitecture("llama")
            {
                Names = Table(Attention, NormBefore, Dense, Biases, [("self_attn.o_proj.bias", "attn_output.bias"),
                    ("mlp.gate_proj.bias", "ffn_gate.bias"), ("mlp.up_proj.bias", "ffn_up.bias"), ("mlp.down_proj.bias", "ffn_down.bias")]),
                TurnsNeighbours = true,
                Scalings = [typeof(RopeScaling.Yarn), typeof(RopeScaling.Llama3)],
            },
            "smollm3" => new GgufArchitecture("smollm3") { Names = Table(Attention, NormBefore, Dense), TurnsNeighbours = true },
            "qwen2" => new GgufArchitecture("qwen2") { Names = Table(Attention, NormBefore, Dense, Biases), HeadsFillWidth = true },
            "qwen3" => new GgufArchitecture("qwen3") { Names = Table(Attention, NormBefore, Dense, HeadNorms) },
            "qwen3_moe" => new GgufArchitecture("qwen3moe")
            {
                Names = Table(Attention, NormBefore, HeadNorms, [("mlp.gate.weight", "ffn_gate_inp.weight"),
                    ("mlp.experts.*.gate_proj.weight", "ffn_gate_exps.weight"),
                    ("mlp.experts.*.up_proj.weight", "ffn_up_exps.weight"), ("mlp.experts.*.down_proj.weight", "ffn_down_exps.weight")]),
            },
            "phi3" => new GgufArchitecture("phi3")
            {
                Names = Table(NormBefore, [("input_layernorm.weight", "attn_norm.weight"), ("self_attn.qkv_proj.weight", "attn_qkv.weight"),
                    ("self_attn.o_proj.weight", "attn_output.weight"), ("mlp.gate_up_proj.weight", "ffn_up.weight"),
                    ("mlp.down_proj.weight", "ffn_down.weight")]),
                Scalings = [typeof(RopeScaling.LongRope)],
                HeadsFillWidth = true,
            },
            "olmo3" => new GgufArchitecture("olmo2") { Names = Table(Attention[1..], Dense, HeadNorms, NormsAfter), FullEvery = 4, HeadsFillWidth = true },
            "gemma3_text" => new GgufArchitecture("gemma3")
            {
                Names = Table(Attention, [("pre_feedforward_layernorm.weight", "ffn_norm.weight")], Dense, HeadNorms, NormsAfter), FullEvery = 6, Scalings = [],
            },
            var type => throw new CheckpointException($"a {type} cannot be exported: what llama.cpp has of it is not known to compute the same; "
                + "expected llama, mistral, smollm3, qwen2, qwen3, qwen3_moe, phi3, olmo3 or gemma3_text (model_type of config.json)."),
        };
        return found.Problem(config) is { } problem
            ? throw new CheckpointException($"this {config.ModelType} cannot be exported: {problem}, which llama.cpp's {found.Name} does not have.") : found;
    }

    // What the architecture would compute in another way, without saying so.
    private string? Problem(ModelConfig config)
    {
        AttentionPlan[] attention = [.. config.Layers.Select(layer => layer.Mixer).Cast<AttentionPlan>()];
        for (int i = 0; i < attention.Length; i++)
        {
            AttentionPlan plan = attention[i];
            if (HeadsFillWidth && plan.QueryWidth != config.HiddenSize)
            {
                return "heads that are together of another width than the model's";
            }

            bool isFull = FullEvery == 0 || (i + 1) % FullEvery == 0;
            if (FullEvery > 0 && plan.Window > 0 == isFull)
            {
                return $"layer {i} {(isFull ? "slides" : "does not slide")}";
            }

            if (plan.Rotary is null != (Name == "smollm3" && (i + 1) % 4 == 0))
            {
                return $"layer {i} has {(plan.Rotary is null ? "no " : "")}rotary positions";
            }

            if (Scale(config, plan) is var scale && Math.Abs(plan.Scale - scale) > 1e-6 * scale)
            {
                return FormattableString.Invariant($"scores are multiplied by {plan.Scale:G4}");
            }

            if (plan.Rotary?.Scaling is { } scaling and not RopeScaling.Linear && !Scalings.Contains(scaling.GetType()))
            {
                return $"positions are stretched by {scaling.GetType().Name}";
            }

            if (plan.Rotary?.Scaling is RopeScaling.Yarn yarn && yarn is not { BetaFast: 32, BetaSlow: 1, Truncate: true })
            {
                return "YaRN has bounds of its own (beta_fast, beta_slow, truncate)";
            }
        }

        return config.LogitCap is not null ? "logits are capped"
            : Name == "gemma3" && attention.Any(plan => plan.Window > 0 && (plan.Rotary!.Theta != 10_000 || plan.Rotary.Scaling is not null))
                ? "sliding layers have rotary positions of another base than 10000"
            : Name == "qwen3moe" && config.Layers.Any(layer => layer.FeedForward is not ExpertsPlan { Routing: Routing.NormalisedSoftmax })
                ? "not every layer has experts whose weights add up to one"
            : null;
    }

    // Gemma 3 of 27B alone has another one than its heads'.
    private double Scale(ModelConfig config, AttentionPlan plan) =>
        1 / Math.Sqrt(Name == "gemma3" && config.Layers.Count == 62 ? (double)config.HiddenSize / plan.Heads : plan.HeadSize);

    private static Dictionary<string, string> Table(params ReadOnlySpan<(string Stored, string Name)[]> parts)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string stored, string name)[] part in parts)
        {
            foreach ((string stored, string name) in part)
            {
                names.Add(stored, name);
            }
        }

        return names;
    }
}
