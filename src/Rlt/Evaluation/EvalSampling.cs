using Rlt.Evaluation.Questions;

namespace Rlt.Evaluation;

/// <summary>How answers are drawn, once the config and the benchmark have had their say.</summary>
/// <param name="Samples">Answers a question.</param>
/// <param name="Temperature">0 takes the likeliest tokens.</param>
/// <param name="TopP">The share of the likeliest tokens kept.</param>
/// <param name="MaxNewTokens">Tokens of an answer at most.</param>
public sealed record EvalSampling(int Samples, double Temperature, double TopP, int MaxNewTokens)
{
    /// <summary>The config's settings, else the benchmark's.</summary>
    /// <exception cref="ConfigException">Several samples are wanted at temperature 0.</exception>
    public static EvalSampling Of(EvalConfig config, BenchmarkDefinition benchmark)
    {
        var sampling = new EvalSampling(
            config.Samples ?? benchmark.Samples ?? 1,
            config.Temperature ?? benchmark.Temperature ?? 0,
            config.TopP ?? benchmark.TopP ?? 1,
            config.MaxNewTokens ?? benchmark.MaxNewTokens ?? 16384);
        return sampling is { Samples: > 1, Temperature: 0 }
            ? throw new ConfigException($"samples is {sampling.Samples} at temperature 0, where all are alike. Set temperature, or samples: 1.")
            : sampling;
    }
}
