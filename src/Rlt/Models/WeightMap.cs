using Rlt.Models.Layers;

namespace Rlt.Models;

/// <summary>The one place where checkpoint names meet the model's parts.</summary>
internal sealed class WeightMap
{
    private readonly ModelConfig _config;
    private readonly SortedDictionary<string, Parameter> _parameters = new(StringComparer.Ordinal);

    public WeightMap(ModelConfig config, IEnumerable<Parameter> parameters)
    {
        _config = config;
        foreach (Parameter parameter in parameters)
        {
            _parameters.Add(parameter.Name, parameter);
        }
    }

    /// <summary>The names and shapes a checkpoint of this config has.</summary>
    public static IReadOnlyDictionary<string, long[]> Expected(ModelConfig config)
    {
        var expected = new SortedDictionary<string, long[]>(StringComparer.Ordinal)
        {
            [StoredNames.Embedding] = [config.VocabularySize, config.HiddenSize],
            ["model.norm.weight"] = [config.HiddenSize],
        };
        if (!config.TiedEmbeddings)
        {
            expected[StoredNames.Head] = [config.VocabularySize, config.HiddenSize];
        }

        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            AddLayer(expected, config, $"model.layers.{layer}.");
        }

        return expected;
    }

    public Parameter this[string name] => _parameters[name];

    public RmsNorm Norm(string name) => new(_parameters[name + ".weight"], _config.NormEpsilon);

    public RmsNorm? OptionalNorm(string name) => _parameters.ContainsKey(name + ".weight") ? Norm(name) : null;

    public Linear Linear(string name) => new(_parameters[name + ".weight"], _parameters.GetValueOrDefault(name + ".bias"));

    public IReadOnlyList<Parameter> Under(string prefix) =>
        [.. _parameters.Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(pair => pair.Value)];

    private static void AddLayer(SortedDictionary<string, long[]> expected, ModelConfig config, string prefix)
    {
        long queries = (long)config.HeadCount * config.HeadSize;
        long keys = (long)config.KeyValueHeadCount * config.HeadSize;
        long width = config.HiddenSize;
        long inner = config.IntermediateSize;
        expected[prefix + "input_layernorm.weight"] = [width];
        expected[prefix + "post_attention_layernorm.weight"] = [width];
        AddLinear("self_attn.q_proj", queries, width, config.QueryKeyValueBias);
        AddLinear("self_attn.k_proj", keys, width, config.QueryKeyValueBias);
        AddLinear("self_attn.v_proj", keys, width, config.QueryKeyValueBias);
        AddLinear("self_attn.o_proj", width, queries, config.OutputBias);
        AddLinear("mlp.gate_proj", inner, width, config.MlpBias);
        AddLinear("mlp.up_proj", inner, width, config.MlpBias);
        AddLinear("mlp.down_proj", width, inner, config.MlpBias);
        if (config.QueryKeyNorm)
        {
            expected[prefix + "self_attn.q_norm.weight"] = [config.HeadSize];
            expected[prefix + "self_attn.k_norm.weight"] = [config.HeadSize];
        }

        void AddLinear(string name, long output, long input, bool bias)
        {
            expected[prefix + name + ".weight"] = [output, input];
            if (bias)
            {
                expected[prefix + name + ".bias"] = [output];
            }
        }
    }
}
