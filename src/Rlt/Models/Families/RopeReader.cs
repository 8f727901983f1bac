using Rlt.Models.Plans;

namespace Rlt.Models.Families;

/// <summary>Reads rotary positions.</summary>
/// <remarks>
/// Version 4 of transformers has rope_theta beside rope_scaling; version 5 has both within rope_parameters, for all layers or by their kind. Where a
/// file has rope_scaling too, that one replaces all of rope_parameters, its rope_theta among it.
/// </remarks>
internal sealed class RopeReader(CheckedJson config, int positions)
{
    /// <summary>What <see cref="FamilyConfig.Rotary"/> gives.</summary>
    public RotaryPlan Read(int headSize, string? kind, double defaultTheta, double? defaultPartial)
    {
        CheckedJson? parameters = config.Section("rope_parameters");
        CheckedJson? scaling = config.Section("rope_scaling");
        CheckedJson? ofKind = kind is not null && parameters?.Has(kind) == true ? parameters.Section(kind) : null;
        parameters = ofKind ?? parameters;
        CheckedJson? used = config.IsFilled("rope_scaling") ? scaling : parameters;
        CheckedJson holder = used?.Has("rope_theta") == true ? used : config;
        double theta = holder.Number("rope_theta", 0, 1e15, orElse: defaultTheta) ?? defaultTheta;
        if (used != parameters && parameters?.Has("rope_theta") == true && parameters.Number("rope_theta", 0, 1e15) is { } replaced && replaced != theta)
        {
            parameters.Note("rope_theta", FormattableString.Invariant(
                $"rope_scaling replaces rope_parameters, which makes it {theta}. Name rope_theta within rope_scaling, or keep one of the two sections"));
        }

        CheckedJson share = used?.Has("partial_rotary_factor") == true ? used : config;
        double partial = share.Number("partial_rotary_factor", 0, 1, defaultPartial ?? 1) ?? 1;
        if (defaultPartial is null && partial != 1)
        {
            share.Note("partial_rotary_factor", "only 1 is supported");
            partial = 1;
        }

        int turned = (int)(headSize * partial);
        if (used is not null && defaultPartial is not null && TypeOf(used) == "proportional")
        {
            return new RotaryPlan(headSize, theta) { TurnedPairs = turned / 2 };
        }

        if (turned % 2 != 0 || turned < 2)
        {
            config.Note("partial_rotary_factor", $"expected an even number of a head's {headSize} dimensions, at least 2; it gives {turned}");
            turned = headSize;
        }

        return new RotaryPlan(turned, theta) { Scaling = used is null ? null : ReadScaling(used, turned, hasTruncate: ofKind is null) };
    }

    private static string? TypeOf(CheckedJson scaling) => scaling.Text(KeyOf(scaling));

    private static string KeyOf(CheckedJson scaling) => scaling.Has("rope_type") || !scaling.Has("type") ? "rope_type" : "type";

    private RopeScaling? ReadScaling(CheckedJson scaling, int turned, bool hasTruncate)
    {
        switch (TypeOf(scaling))
        {
            case null when scaling.Has("factor"):
                scaling.Note(KeyOf(scaling), "expected the kind of scaling that its factor belongs to");
                return null;
            case null or "default":
                return null;
            case "dynamic":
                // Its base grows with sequences longer than max_position_embeddings alone, and there are none.
                ReadFactor(scaling);
                return null;
            case "linear":
                return new RopeScaling.Linear(ReadFactor(scaling));
            case "llama3":
                return ReadLlama3(scaling);
            case "longrope" or "su":
                return ReadLongRope(scaling, turned);
            case "yarn" when scaling.Has("long_factor"):
                return ReadLongRope(scaling, turned);
            case "yarn":
                return ReadYarn(scaling, hasTruncate);
            default:
                scaling.Note(KeyOf(scaling), "supported are \"default\", \"linear\", \"dynamic\", \"llama3\", \"longrope\" and \"yarn\"");
                return null;
        }
    }

    private RopeScaling.Yarn ReadYarn(CheckedJson scaling, bool hasTruncate)
    {
        int original = scaling.Integer("original_max_position_embeddings", 1, int.MaxValue, orElse: positions) ?? 1;
        return new RopeScaling.Yarn(
            scaling.Has("factor") || original >= positions ? ReadFactor(scaling) : (double)positions / original,
            original,
            scaling.Number("beta_fast", 0, 1e6, orElse: 32) ?? 1,
            scaling.Number("beta_slow", 0, 1e6, orElse: 1) ?? 1,
            scaling.OptionalNumber("attention_factor", 0, 1e6),
            scaling.OptionalNumber("mscale", -1, 1e6),
            scaling.OptionalNumber("mscale_all_dim", -1, 1e6),
            !hasTruncate || scaling.Flag("truncate", orElse: true));
    }

    private static RopeScaling.Llama3 ReadLlama3(CheckedJson scaling)
    {
        double? low = scaling.Number("low_freq_factor", 0, 1e6);
        double? high = scaling.Number("high_freq_factor", 0, 1e6);
        if (high <= low)
        {
            scaling.Note("high_freq_factor", FormattableString.Invariant($"expected more than low_freq_factor, {low}"));
        }

        int? original = scaling.Integer("original_max_position_embeddings", 1, int.MaxValue);
        return new RopeScaling.Llama3(ReadFactor(scaling), low ?? 1, high ?? 1, original ?? 1);
    }

    private RopeScaling.LongRope ReadLongRope(CheckedJson scaling, int turned)
    {
        // Microsoft's files have it at the top; there it counts.
        CheckedJson holder = config.Has("original_max_position_embeddings") ? config : scaling;
        int original = holder.Integer("original_max_position_embeddings", 2, int.MaxValue, orElse: positions) ?? 2;
        double stretch = (double)positions / original;
        double factor = scaling.OptionalNumber("attention_factor", 0, 1e6) ?? (stretch <= 1 ? 1 : Math.Sqrt(1 + (Math.Log(stretch) / Math.Log(original))));
        return new RopeScaling.LongRope(Factors("short_factor"), Factors("long_factor"), original, factor);

        double[] Factors(string key)
        {
            double[]? factors = scaling.Numbers(key);
            if (factors is null || factors.Length != turned / 2 || factors.Any(value => !(value > 0)))
            {
                scaling.Note(key, $"expected {turned / 2} positive numbers, one for each pair of turned dimensions");
                return [.. Enumerable.Repeat(1.0, turned / 2)];
            }

            return factors;
        }
    }

    private static double ReadFactor(CheckedJson scaling)
    {
        double? factor = scaling.Number("factor", 0, 1e6);
        if (factor < 1)
        {
            scaling.Note("factor", "expected at least 1");
        }

        return factor ?? 1;
    }
}
