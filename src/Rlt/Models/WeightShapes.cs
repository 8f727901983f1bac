using Rlt.Models.Plans;

namespace Rlt.Models;

/// <summary>The names and shapes of a model's weights in a checkpoint, from its plan.</summary>
internal sealed class WeightShapes
{
    private readonly SortedDictionary<string, long[]> _shapes = new(StringComparer.Ordinal);
    private readonly ModelConfig _config;

    private WeightShapes(ModelConfig config) => _config = config;

    /// <summary>Whether a tensor is stored with the weights and not trained.</summary>
    public static bool IsBuffer(string name) => name.EndsWith(".layer_scalar", StringComparison.Ordinal);

    /// <summary>Whether a tensor that is stored in float32 stays so in a model of a narrower type.</summary>
    public static bool StaysWide(string name) =>
        name.EndsWith(".linear_attn.A_log", StringComparison.Ordinal) || name.EndsWith(".linear_attn.norm.weight", StringComparison.Ordinal);

    /// <summary>All of them, by name.</summary>
    public static SortedDictionary<string, long[]> Of(ModelConfig config)
    {
        var shapes = new WeightShapes(config);
        shapes._shapes[config.EmbeddingName] = [config.VocabularySize, config.HiddenSize];
        shapes.AddNorm(config.Body + "norm", config.HiddenSize);
        if (!config.TiedEmbeddings)
        {
            shapes._shapes[StoredNames.Head] = [config.VocabularySize, config.HiddenSize];
        }

        if (config.TokenInputSize is > 0 and var width)
        {
            shapes._shapes[config.Body + "embed_tokens_per_layer.weight"] = [config.VocabularySize, (long)config.Layers.Count * width];
            shapes.AddLinear(config.Body + "per_layer_model_projection", (long)config.Layers.Count * width, config.HiddenSize);
            shapes.AddNorm(config.Body + "per_layer_projection_norm", width);
        }

        for (int layer = 0; layer < config.Layers.Count; layer++)
        {
            shapes.AddLayer(config.Layers[layer], config.LayerPrefix(layer));
        }

        return shapes._shapes;
    }

    private void AddLayer(LayerPlan layer, string prefix)
    {
        foreach (string norm in layer.Norms.Names)
        {
            AddNorm(prefix + norm, _config.HiddenSize);
        }

        switch (layer.Mixer)
        {
            case AttentionPlan attention:
                AddAttention(attention, prefix + "self_attn.");
                break;
            case DeltaNetPlan delta:
                AddDeltaNet(delta, prefix + "linear_attn.");
                break;
        }

        AddFeedForward(layer.FeedForward, prefix);
        if (layer.TokenInputSize > 0)
        {
            AddLinear(prefix + "per_layer_input_gate", layer.TokenInputSize, _config.HiddenSize);
            AddLinear(prefix + "per_layer_projection", _config.HiddenSize, layer.TokenInputSize);
            AddNorm(prefix + "post_per_layer_input_norm", _config.HiddenSize);
        }

        if (layer.OutputScale)
        {
            _shapes[prefix + "layer_scalar"] = [1];
        }
    }

    private void AddAttention(AttentionPlan plan, string prefix)
    {
        long width = _config.HiddenSize;
        bool ownKeys = plan.Source is null, bias = plan.QueryKeyValueBias;
        if (plan.Fused)
        {
            AddLinear(prefix + "qkv_proj", plan.QueryWidth + (2 * plan.KeyWidth), width, bias);
        }
        else
        {
            AddLinear(prefix + "q_proj", plan.QueryWidth * (plan.Gated ? 2 : 1), width, bias);
        }

        if (ownKeys && !plan.Fused)
        {
            AddLinear(prefix + "k_proj", plan.KeyWidth, width, bias);
        }

        if (ownKeys && !plan.Fused && !plan.KeysAreValues)
        {
            AddLinear(prefix + "v_proj", plan.KeyWidth, width, bias);
        }

        AddLinear(prefix + "o_proj", width, plan.QueryWidth, plan.OutputBias);
        if (plan.QueryKeyNorm != QueryKeyNorm.None)
        {
            bool whole = plan.QueryKeyNorm == QueryKeyNorm.WholeProjection;
            AddNorm(prefix + "q_norm", whole ? plan.QueryWidth : plan.HeadSize);
            if (ownKeys)
            {
                AddNorm(prefix + "k_norm", whole ? plan.KeyWidth : plan.HeadSize);
            }
        }

        if (plan.Sinks)
        {
            _shapes[prefix + "sinks"] = [plan.Heads];
        }
    }

    private void AddDeltaNet(DeltaNetPlan plan, string prefix)
    {
        AddLinear(prefix + "in_proj_qkv", plan.Channels, _config.HiddenSize);
        AddLinear(prefix + "in_proj_z", plan.ValueWidth, _config.HiddenSize);
        AddLinear(prefix + "in_proj_b", plan.ValueHeads, _config.HiddenSize);
        AddLinear(prefix + "in_proj_a", plan.ValueHeads, _config.HiddenSize);
        _shapes[prefix + "conv1d.weight"] = [plan.Channels, 1, plan.Kernel];
        _shapes[prefix + "A_log"] = [plan.ValueHeads];
        _shapes[prefix + "dt_bias"] = [plan.ValueHeads];
        AddNorm(prefix + "norm", plan.ValueSize);
        AddLinear(prefix + "out_proj", _config.HiddenSize, plan.ValueWidth);
    }

    private void AddFeedForward(FeedForwardPlan plan, string prefix)
    {
        switch (plan)
        {
            case DensePlan dense:
                AddDense(dense, prefix + "mlp.");
                break;
            case ExpertsPlan { Storage: ExpertStorage.Separate } experts:
                AddLinear(prefix + "mlp.gate", experts.Count, _config.HiddenSize);
                for (int expert = 0; expert < experts.Count; expert++)
                {
                    AddDense(new DensePlan(experts.Inner), FormattableString.Invariant($"{prefix}mlp.experts.{expert}."));
                }

                break;
            case ExpertsPlan { Storage: ExpertStorage.FusedInputFirst } experts:
                AddLinear(prefix + "mlp.router", experts.Count, _config.HiddenSize, bias: true);
                _shapes[prefix + "mlp.experts.gate_up_proj"] = [experts.Count, _config.HiddenSize, 2L * experts.Inner];
                _shapes[prefix + "mlp.experts.gate_up_proj_bias"] = [experts.Count, 2L * experts.Inner];
                _shapes[prefix + "mlp.experts.down_proj"] = [experts.Count, experts.Inner, _config.HiddenSize];
                _shapes[prefix + "mlp.experts.down_proj_bias"] = [experts.Count, _config.HiddenSize];
                break;
            case ExpertsPlan { Storage: ExpertStorage.Fused } experts:
                AddDense(experts.Beside!, prefix + "mlp.");
                foreach (string norm in Layers.DenseAndExperts.Norms)
                {
                    AddNorm(prefix + norm, _config.HiddenSize);
                }

                _shapes[prefix + "router.scale"] = [_config.HiddenSize];
                _shapes[prefix + "router.per_expert_scale"] = [experts.Count];
                AddLinear(prefix + "router.proj", experts.Count, _config.HiddenSize);
                _shapes[prefix + "experts.gate_up_proj"] = [experts.Count, 2L * experts.Inner, _config.HiddenSize];
                _shapes[prefix + "experts.down_proj"] = [experts.Count, _config.HiddenSize, experts.Inner];
                break;
        }
    }

    private void AddDense(DensePlan plan, string prefix)
    {
        foreach (string name in plan.Fused ? ["gate_up_proj"] : new[] { "gate_proj", "up_proj" })
        {
            AddLinear(prefix + name, (plan.Fused ? 2L : 1) * plan.Inner, _config.HiddenSize, plan.Bias);
        }

        AddLinear(prefix + "down_proj", _config.HiddenSize, plan.Inner, plan.Bias);
    }

    private void AddNorm(string name, long width) => _shapes[name + ".weight"] = [width];

    private void AddLinear(string name, long output, long input, bool bias = false)
    {
        _shapes[name + ".weight"] = [output, input];
        if (bias)
        {
            _shapes[name + ".bias"] = [output];
        }
    }
}
