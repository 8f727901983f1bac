using System.Text;
using Rlt.Models.Layers;
using Rlt.Statistics;
using Rlt.Text.Tokenization;

namespace Rlt.Generation;

/// <summary>A sample in the making: one row of the decoding batch, drawn by options of its own.</summary>
/// <param name="prompt">Token ids, at least one; rows of one list compute it once.</param>
/// <param name="stream">The key of its random numbers (<see cref="RandomStream.Key"/>).</param>
/// <param name="options">How its tokens are drawn.</param>
/// <param name="limit">Tokens drawn at most; prompt and sample must fit the model's context.</param>
public sealed class SampleRow(int[] prompt, ulong stream, SamplingOptions options, int limit)
{
    private volatile bool _isCancelled;

    /// <summary>The prompt's tokens.</summary>
    public int[] Prompt { get; } = prompt;

    /// <summary>The key of its random numbers.</summary>
    public ulong Stream { get; } = stream;

    /// <summary>How its tokens are drawn.</summary>
    public SamplingOptions Options { get; } = options;

    /// <summary>Tokens drawn at most.</summary>
    public int Limit { get; } = limit;

    /// <summary>The drawn tokens.</summary>
    public List<int> Ids { get; } = [];

    /// <summary>log p of each at the sampling temperature; nats.</summary>
    public List<float> LogProbs { get; } = [];

    /// <summary>Why it ended; null while it goes on.</summary>
    public FinishReason? Finish { get; internal set; }

    /// <summary>How many of the likeliest tokens are told beside each drawn one; null keeps no <see cref="Places"/>.</summary>
    public int? Likeliest { get; init; }

    /// <summary>The drawn tokens' places in the model's distributions, where <see cref="Likeliest"/> asks for them.</summary>
    public List<TokenPlace> Places { get; } = [];

    /// <summary>Is told after every token, the last of which comes with <see cref="Finish"/>; on the thread that decodes.</summary>
    public Action<SampleRow>? Drawn { get; init; }

    /// <summary>Whether nobody waits for it any more: it leaves its batch before the next token.</summary>
    public bool IsCancelled => _isCancelled;

    /// <summary>Its place in the cache, which has all but the last drawn token.</summary>
    internal CachedRow Cached { get; set; } = new();

    internal StringBuilder Text { get; } = new();

    internal DecodeStream? Decoded { get; set; }

    /// <summary>Ends it from any thread.</summary>
    public void Cancel() => _isCancelled = true;
}
