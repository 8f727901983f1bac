using Rlt.Models.Plans;

namespace Rlt.Models.Families;

/// <summary>Qwen3's mixtures of experts: Qwen3's attention; most layers have experts, some a dense feed-forward.</summary>
internal static class Qwen3MoeFamily
{
    /// <summary>The plan of a config.</summary>
    public static ModelPlan Read(FamilyConfig config)
    {
        CheckedJson json = config.Json;
        ModelPlan dense = QwenFamily.Read(config, isThird: true);
        int experts = config.ExpertCount(128);
        var sparse = new ExpertsPlan(
            experts,
            json.Integer("num_experts_per_tok", 1, experts, 8) ?? 1,
            config.Size("moe_intermediate_size", 768),
            json.Flag("norm_topk_prob", orElse: false) ? Routing.NormalisedSoftmax : Routing.Softmax,
            ExpertStorage.Separate);
        int step = config.Size("decoder_sparse_step", 1);
        HashSet<double> plain = [.. json.Numbers("mlp_only_layers") ?? []];
        return dense with
        {
            Layers = [.. dense.Layers.Select((layer, i) => plain.Contains(i) || (i + 1) % step != 0 ? layer : layer with { FeedForward = sparse })],
        };
    }
}
