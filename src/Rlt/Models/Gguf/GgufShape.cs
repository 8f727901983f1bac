using Rlt.Models.Layers;
using Rlt.Models.Plans;

namespace Rlt.Models.Gguf;

/// <summary>The metadata of a model's shape, and the tensors that stand for stretched positions.</summary>
internal static class GgufShape
{
    /// <summary>The longest sequence that llama.cpp computes as we do: no longer than a window that the architecture cannot slide.</summary>
    public static int Context(ModelConfig config, GgufArchitecture architecture) => architecture.FullEvery > 0
        ? config.MaxPositions
        : config.Layers.Select(layer => ((AttentionPlan)layer.Mixer).Window).Where(window => window > 0).Append(config.MaxPositions).Min();

    /// <summary>The metadata.</summary>
    public static IEnumerable<(string Key, object Value)> Metadata(ModelConfig config, GgufArchitecture architecture)
    {
        var attention = (AttentionPlan)config.Layers[^1].Mixer;
        RotaryPlan rotary = Rotary(config);
        List<(string Key, object Value)> pairs =
        [
            ("block_count", (uint)config.Layers.Count), ("context_length", (uint)Context(config, architecture)), ("embedding_length", (uint)config.HiddenSize),
            ("feed_forward_length", (uint)InnerSize(config)), ("attention.head_count", (uint)attention.Heads),
            ("attention.head_count_kv", (uint)attention.KeyValueHeads), ("attention.layer_norm_rms_epsilon", (float)config.NormEpsilon),
            ("attention.key_length", (uint)attention.HeadSize), ("attention.value_length", (uint)attention.HeadSize),
            ("rope.dimension_count", (uint)rotary.Dimensions), ("rope.freq_base", (float)rotary.Theta), ("vocab_size", (uint)config.VocabularySize),
        ];
        if (architecture.FullEvery > 0)
        {
            pairs.Add(("attention.sliding_window", (uint)config.Layers.Max(layer => ((AttentionPlan)layer.Mixer).Window)));
        }

        if (config.Layers[0].FeedForward is ExpertsPlan experts)
        {
            pairs.AddRange([("expert_count", (uint)experts.Count), ("expert_used_count", (uint)experts.Chosen),
                ("expert_feed_forward_length", (uint)experts.Inner)]);
        }

        switch (rotary.Scaling)
        {
            case RopeScaling.Linear linear:
                pairs.AddRange([("rope.scaling.type", "linear"), ("rope.scaling.factor", (float)linear.Factor)]);
                break;
            case RopeScaling.Yarn yarn:
                // llama.cpp scales by what the factor gives; the rest is ours to say.
                double usual = 1 + (0.1 * Math.Log(yarn.Factor));
                pairs.AddRange([("rope.scaling.type", "yarn"), ("rope.scaling.factor", (float)yarn.Factor),
                    ("rope.scaling.original_context_length", (uint)yarn.OriginalPositions),
                    ("rope.scaling.attn_factor", (float)(RotaryFrequencies.For(rotary).AttentionScale / usual))]);
                break;
            case RopeScaling.LongRope longRope:
                pairs.AddRange([("rope.scaling.original_context_length", (uint)longRope.OriginalPositions),
                    ("rope.scaling.attn_factor", (float)longRope.AttentionFactor)]);
                break;
        }

        return pairs.Select(pair => ($"{architecture.Name}.{pair.Key}", pair.Value));
    }

    /// <summary>By what each pair's frequency is divided, where a few numbers of metadata do not say it.</summary>
    public static IEnumerable<GgufTensor> Factors(ModelConfig config)
    {
        RotaryPlan rotary = Rotary(config);
        switch (rotary.Scaling)
        {
            case RopeScaling.Llama3:
                double[] plain = RotaryFrequencies.For(rotary with { Scaling = null }).Frequencies[0], scaled = RotaryFrequencies.For(rotary).Frequencies[0];
                yield return GgufTensor.Of("rope_freqs.weight", [.. plain.Zip(scaled, (one, other) => (float)(one / other))]);
                break;
            case RopeScaling.LongRope lists:
                yield return GgufTensor.Of("rope_factors_long.weight", [.. lists.LongFactors.Select(factor => (float)factor)]);
                yield return GgufTensor.Of("rope_factors_short.weight", [.. lists.ShortFactors.Select(factor => (float)factor)]);
                break;
        }
    }

    // Of the full layers, where others slide.
    private static RotaryPlan Rotary(ModelConfig config) => config.Layers.Select(layer => (AttentionPlan)layer.Mixer)
        .OrderBy(attention => attention.Window).Select(attention => attention.Rotary).First(rotary => rotary is not null)!;

    private static int InnerSize(ModelConfig config) =>
        config.Layers.Select(layer => layer.FeedForward).OfType<DensePlan>().FirstOrDefault()?.Inner
            ?? (int?)config.Raw["intermediate_size"] ?? ((ExpertsPlan)config.Layers[0].FeedForward).Inner;
}
