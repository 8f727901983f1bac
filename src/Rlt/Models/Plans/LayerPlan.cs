namespace Rlt.Models.Plans;

/// <summary>What one decoder layer computes: x += mixer(norm(x)), x += feedForward(norm(x)), with the norms where the plan has them.</summary>
public sealed record LayerPlan
{
    /// <summary>How a token's row takes from those before it.</summary>
    public required MixerPlan Mixer { get; init; }

    /// <summary>What is done to each row by itself.</summary>
    public required FeedForwardPlan FeedForward { get; init; }

    /// <summary>Where the norms are.</summary>
    public NormPlaces Norms { get; init; } = NormPlaces.Before;

    /// <summary>Width of a further input that each token brings to this layer (Gemma 4); 0 for none.</summary>
    public int TokenInputSize { get; init; }

    /// <summary>Is the layer's output multiplied by a stored number (Gemma 4).</summary>
    public bool OutputScale { get; init; }
}

/// <summary>The checkpoint names of a layer's norms; null where there is none at the place.</summary>
/// <param name="BeforeMixer">Of the mixer's input.</param>
/// <param name="AfterMixer">Of the mixer's output, before it is added.</param>
/// <param name="BeforeFeedForward">Of the feed-forward's input.</param>
/// <param name="AfterFeedForward">Of the feed-forward's output, before it is added.</param>
public sealed record NormPlaces(string? BeforeMixer, string? AfterMixer, string? BeforeFeedForward, string? AfterFeedForward)
{
    /// <summary>Llama's: before both.</summary>
    public static NormPlaces Before { get; } = new("input_layernorm", null, "post_attention_layernorm", null);

    /// <summary>OLMo 2 and 3's: after both.</summary>
    public static NormPlaces After { get; } = new(null, "post_attention_layernorm", null, "post_feedforward_layernorm");

    /// <summary>Gemma's: before and after both.</summary>
    public static NormPlaces Around { get; } =
        new("input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm");

    /// <summary>The names there are.</summary>
    public IEnumerable<string> Names => new[] { BeforeMixer, AfterMixer, BeforeFeedForward, AfterFeedForward }.OfType<string>();
}

/// <summary>How a layer's rows take from the rows before them.</summary>
public abstract record MixerPlan;

/// <summary>Softmax attention.</summary>
public sealed record AttentionPlan : MixerPlan
{
    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Key and value heads; divides <see cref="Heads"/>.</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>Width of one head; even.</summary>
    public required int HeadSize { get; init; }

    /// <summary>What query-key products are multiplied by.</summary>
    public required double Scale { get; init; }

    /// <summary>Rotary positions of the keys; null for none.</summary>
    public RotaryPlan? Rotary { get; init; }

    /// <summary>Rotary positions of the queries, where they are others than the keys'.</summary>
    public RotaryPlan? QueryRotary { get; init; }

    /// <summary>Tokens that a token sees, itself included; 0: all before it.</summary>
    public int Window { get; init; }

    /// <summary>What of queries and keys is normalised.</summary>
    public QueryKeyNorm QueryKeyNorm { get; init; }

    /// <summary>Are values normalised, head by head and without a weight.</summary>
    public bool ValueNorm { get; init; }

    /// <summary>Does the query projection also make a gate for each head's output: its rows are, head by head, the query and then the gate.</summary>
    public bool Gated { get; init; }

    /// <summary>Has each query head a learned score that takes part in the softmax and has no value.</summary>
    public bool Sinks { get; init; }

    /// <summary>Are the values the key projection's outputs.</summary>
    public bool KeysAreValues { get; init; }

    /// <summary>The layer whose keys and values are used; null: the layer's own.</summary>
    public int? Source { get; init; }

    /// <summary>Are query, key and value projections one matrix.</summary>
    public bool Fused { get; init; }

    /// <summary>Have the query, key and value projections biases.</summary>
    public bool QueryKeyValueBias { get; init; }

    /// <summary>Has the output projection a bias.</summary>
    public bool OutputBias { get; init; }

    /// <summary>Width of all query heads together.</summary>
    public long QueryWidth => (long)Heads * HeadSize;

    /// <summary>Width of all key heads together.</summary>
    public long KeyWidth => (long)KeyValueHeads * HeadSize;
}

/// <summary>What RMS norms of queries and keys, before they are turned, go over.</summary>
public enum QueryKeyNorm
{
    /// <summary>There are none.</summary>
    None,

    /// <summary>Each head.</summary>
    PerHead,

    /// <summary>All heads together.</summary>
    WholeProjection,
}

/// <summary>The gated delta rule: a state of fixed size for each value head, behind a short causal convolution (arXiv 2412.06464).</summary>
/// <param name="KeyHeads">Heads of queries and keys; divides <paramref name="ValueHeads"/>.</param>
/// <param name="ValueHeads">Heads of values, decays and gates.</param>
/// <param name="KeySize">Width of a query or key head.</param>
/// <param name="ValueSize">Width of a value head.</param>
/// <param name="Kernel">Tokens that the convolution sees, the current one included.</param>
public sealed record DeltaNetPlan(int KeyHeads, int ValueHeads, int KeySize, int ValueSize, int Kernel) : MixerPlan
{
    /// <summary>Width of all query or key heads.</summary>
    public long KeyWidth => (long)KeyHeads * KeySize;

    /// <summary>Width of all value heads.</summary>
    public long ValueWidth => (long)ValueHeads * ValueSize;

    /// <summary>Queries, keys and values: the convolution's channels.</summary>
    public long Channels => (2 * KeyWidth) + ValueWidth;
}

/// <summary>What a layer does to each row by itself.</summary>
public abstract record FeedForwardPlan;

/// <summary>down(activation(gate(x), up(x))).</summary>
/// <param name="Inner">Width between.</param>
/// <param name="Activation">What is made of gate and up.</param>
/// <param name="Bias">Have the three maps biases.</param>
/// <param name="Fused">Are gate and up one matrix.</param>
public sealed record DensePlan(int Inner, Activation Activation = Activation.SwiGlu, bool Bias = false, bool Fused = false) : FeedForwardPlan;

/// <summary>A mixture of experts: each row goes through a few of them, weighted by a router.</summary>
/// <param name="Count">Experts.</param>
/// <param name="Chosen">Experts of a row.</param>
/// <param name="Inner">Width within an expert.</param>
/// <param name="Routing">How the router weights them.</param>
/// <param name="Storage">How checkpoints hold them.</param>
/// <param name="Activation">What is made of gate and up.</param>
/// <param name="Beside">A dense feed-forward beside the experts, whose normed outputs are added (Gemma 4); null for none.</param>
public sealed record ExpertsPlan(
    int Count, int Chosen, int Inner, Routing Routing, ExpertStorage Storage, Activation Activation = Activation.SwiGlu, DensePlan? Beside = null)
    : FeedForwardPlan;

/// <summary>What is made of a feed-forward's gate and up.</summary>
public enum Activation
{
    /// <summary>silu(gate) · up.</summary>
    SwiGlu,

    /// <summary>gelu(gate) · up, the gelu by tanh.</summary>
    GeGlu,

    /// <summary>gpt-oss's: gate at most 7, up within ±7, (up + 1) · gate · sigmoid(1.702 gate).</summary>
    ClampedSwiGlu,
}

/// <summary>How a router weights the experts of a row.</summary>
public enum Routing
{
    /// <summary>Softmax over all experts, then the largest.</summary>
    Softmax,

    /// <summary>The same, divided by the sum of the chosen.</summary>
    NormalisedSoftmax,

    /// <summary>The largest logits, then softmax over them; the router has a bias.</summary>
    SoftmaxOfChosen,

    /// <summary>Of the normed and scaled row: <see cref="NormalisedSoftmax"/>, times a learned number for each expert (Gemma 4).</summary>
    ScaledSoftmax,
}

/// <summary>How a checkpoint holds a layer's experts.</summary>
public enum ExpertStorage
{
    /// <summary>Three matrices for each expert.</summary>
    Separate,

    /// <summary>All experts in two tensors: [E, 2 I, D], gate rows first, and [E, D, I].</summary>
    Fused,

    /// <summary>All experts in two tensors with biases, inputs first: [E, D, 2 I], gate and up in turn, and [E, I, D].</summary>
    FusedInputFirst,
}
