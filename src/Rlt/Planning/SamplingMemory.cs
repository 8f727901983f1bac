using Rlt.Models.Layers;
using Rlt.Models.Plans;
using static Rlt.Planning.ModelSize;

namespace Rlt.Planning;

/// <summary>What is sampled at once, at its longest.</summary>
/// <param name="Rows">Sequences decoded at once.</param>
/// <param name="Group">Samples of each prompt, which share its blocks.</param>
/// <param name="Prompt">Tokens of the longest prompt.</param>
/// <param name="NewTokens">Tokens drawn at most.</param>
/// <param name="Filtered">Whether top-p or top-k is applied.</param>
public sealed record SamplingLoad(int Rows, int Group, int Prompt, int NewTokens, bool Filtered = false);

/// <summary>Bytes of the sampling engine at its highest point: every row at its longest.</summary>
/// <param name="Cache">Keys and values, in blocks.</param>
/// <param name="Activations">A pass over prompts, or one step of all rows.</param>
/// <param name="Logits">All rows' logits and what drawing makes of them.</param>
public sealed record SamplingMemory(long Cache, long Activations, long Logits)
{
    // As Generation/RowBatch has it.
    private const int PromptBudget = 8192;

    // As Models/KeyValuePool has it: blocks added at least when there are none left; else half of those there are.
    private const int LeastGrowth = 16;

    /// <summary>All of it.</summary>
    public long Bytes => Cache + Activations + Logits;

    /// <summary>The memory of sampling under a model.</summary>
    public static SamplingMemory Of(ModelSize model, SamplingLoad load, bool fused)
    {
        long positions = Math.Min((long)load.Prompt + load.NewTokens, model.Config.MaxPositions);
        long prompts = (load.Rows + load.Group - 1) / load.Group;
        PassShape prompt = PassShape.Of(Math.Min(PromptBudget, prompts * load.Prompt), 0, load.Prompt);
        LayerMemory prefill = PassMemory.Layer(model, prompt, fused);
        LayerMemory step = PassMemory.Layer(model, PassShape.Of(load.Rows, 0, 1), fused: true);
        (long state, long cache) = (PassMemory.State(model), CacheBytes(model, load, positions));
        long logits = load.Rows * (long)model.Config.VocabularySize * (model.ActivationSize + DrawBytes(load, fused));

        // Prompts enter once a quarter of the rows have left.
        var entering = new SamplingMemory(cache / 4 * 3, (2 * prompt.Rows * state) + prefill.Kept + prefill.Forward, logits);
        var decoding = new SamplingMemory(cache,
            (2 * load.Rows * state) + step.Kept + step.Forward + (fused ? 0 : Gathered(model, load.Rows, positions)), logits);
        return entering.Bytes > decoding.Bytes ? entering : decoding;
    }

    /// <summary>Blocks that a cache has made once it needed a number of them.</summary>
    public static long BlocksMade(long needed)
    {
        long made = 1;
        while (made < needed)
        {
            made += Math.Max(LeastGrowth, made / 2);
        }

        return made;
    }

    /// <summary>Bytes of one position's keys and values in all layers that see all positions.</summary>
    public static long PositionBytes(ModelSize model) => PositionBytes(model, attention => attention.Window == 0);

    // Full blocks of a prompt are shared by its group; the rest is each row's own.
    private static long CacheBytes(ModelSize model, SamplingLoad load, long positions)
    {
        const int block = KeyValuePool.BlockSize;
        long shared = load.Prompt / block;
        long prompts = (load.Rows + load.Group - 1) / load.Group;
        long needed = (prompts * shared) + (load.Rows * (((positions + block - 1) / block) - shared));
        long bytes = BlocksMade(needed) * block * PositionBytes(model);

        // Windows give blocks back that lie behind them; a row may begin and end within a block.
        foreach (int window in model.Config.Layers.Select(layer => layer.Mixer).OfType<AttentionPlan>().Select(attention => attention.Window).Where(w => w > 0).Distinct())
        {
            long most = Math.Min((positions + block - 1) / block, ((window + block - 1) / block) + 1);
            bytes += BlocksMade(load.Rows * most) * block * PositionBytes(model, attention => attention.Window == window);
        }

        return bytes + (StatesMade(load.Rows + prompts) * StateBytes(model));
    }

    private static long PositionBytes(ModelSize model, Func<AttentionPlan, bool> counts) => 2L * model.ActivationSize
        * model.Config.Layers.Select(layer => layer.Mixer).OfType<AttentionPlan>().Where(plan => plan.Source is null && counts(plan)).Sum(plan => plan.KeyWidth);

    // A row's states of all recurrent layers, and the inputs that their convolutions still see.
    private static long StateBytes(ModelSize model) => model.Config.Layers.Select(layer => layer.Mixer).OfType<DeltaNetPlan>()
        .Sum(plan => (Wide * plan.ValueWidth * plan.KeySize) + (model.ActivationSize * plan.Channels * (plan.Kernel - 1)));

    // As Models/StatePool has it.
    private static long StatesMade(long needed)
    {
        long made = 0;
        while (made < needed)
        {
            made += Math.Max(8, made / 2);
        }

        return made;
    }

    // Plain operators copy the rows' blocks of a layer twice, keys and values, and make scores and weights of all heads.
    private static long Gathered(ModelSize model, long rows, long positions) =>
        rows * model.ActivationSize * model.Config.Layers.Select(layer => layer.Mixer).OfType<AttentionPlan>()
            .Select(plan => (plan.Window == 0 ? positions : Math.Min(positions, plan.Window + KeyValuePool.BlockSize)) * ((4 * plan.KeyWidth) + (2L * plan.Heads)))
            .DefaultIfEmpty().Max();

    // Bytes a logit: the kernel makes nothing; plain operators scaled, log-softmax, exponential, sum and mask, and filters their own.
    private static int DrawBytes(SamplingLoad load, bool fused) => (fused && !load.Filtered) ? 0 : (4 * Wide) + 1 + (load.Filtered ? (6 * Wide) + 8 + 4 : 0);
}
