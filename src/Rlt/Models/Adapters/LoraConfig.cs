using Rlt.Configuration;

namespace Rlt.Models.Adapters;

/// <summary>Low-rank adapters: which linear maps get one, and of what size.</summary>
/// <remarks>Source: LoRA (arXiv 2106.09685), section 4.1; the names and the meaning of each value are PEFT's.</remarks>
public sealed record LoraConfig : IValidated
{
    /// <summary>The linear maps that models' layers have, by the last part of their checkpoint names; no model has them all.</summary>
    public static IReadOnlyList<string> KnownModules { get; } =
    [
        "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj", "qkv_proj", "gate_up_proj", "in_proj_qkv", "in_proj_z", "in_proj_b",
        "in_proj_a", "out_proj",
    ];

    /// <summary>r: rows of A, columns of B.</summary>
    public int Rank { get; init; } = 16;

    /// <summary>What an adapter adds is multiplied by alpha / rank.</summary>
    public double Alpha { get; init; } = 32;

    /// <summary>Share of an adapter's inputs that is zeroed in training, 0 to below 1.</summary>
    public double Dropout { get; init; }

    /// <summary>
    /// The linear maps of every layer that get an adapter, by the last part of their names: q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj
    /// (experts' too); Phi: qkv_proj, gate_up_proj; Qwen3.5: in_proj_qkv, in_proj_z, in_proj_b, in_proj_a, out_proj. Default: all that the model has.
    /// </summary>
    public IReadOnlyList<string> TargetModules { get; init; } = KnownModules;

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Problems()
    {
        if (Rank < 1)
        {
            yield return new ConfigProblem(nameof(Rank), $"is {Rank}; expected 1 or more");
        }

        if (!(Alpha > 0))
        {
            yield return new ConfigProblem(nameof(Alpha), $"is {Alpha}; expected more than 0");
        }

        if (Dropout is not (>= 0 and < 1))
        {
            yield return new ConfigProblem(nameof(Dropout), $"is {Dropout}; expected 0 to below 1");
        }

        string[] unknown = [.. TargetModules.Except(KnownModules)];
        if (unknown.Length > 0 || TargetModules.Count == 0)
        {
            string found = TargetModules.Count == 0 ? "is empty" : $"names {string.Join(", ", unknown)}";
            yield return new ConfigProblem(nameof(TargetModules), $"{found}; expected some of {string.Join(", ", KnownModules)}");
        }
    }
}
