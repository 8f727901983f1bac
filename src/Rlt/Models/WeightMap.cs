using Rlt.Models.Layers;

namespace Rlt.Models;

/// <summary>A model's weights by their checkpoint names, made into the model's parts.</summary>
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
    public static IReadOnlyDictionary<string, long[]> Expected(ModelConfig config) => WeightShapes.Of(config);

    public Parameter this[string name] => _parameters[name];

    public Parameter? Optional(string name) => _parameters.GetValueOrDefault(name);

    /// <summary>A norm of the layers, with the family's offset.</summary>
    public RmsNorm Norm(string name) => new(_parameters[name + ".weight"], _config.NormEpsilon, _config.NormOffset);

    public RmsNorm? OptionalNorm(string? name) => name is not null && _parameters.ContainsKey(name + ".weight") ? Norm(name) : null;

    public Linear Linear(string name) => new(_parameters[name + ".weight"], _parameters.GetValueOrDefault(name + ".bias"));

    public Linear? OptionalLinear(string name) => _parameters.ContainsKey(name + ".weight") ? Linear(name) : null;

    public IReadOnlyList<Parameter> Under(string prefix) =>
        [.. _parameters.Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(pair => pair.Value)];
}
