using System.Text;
using Rlt.Models.Layers;
using Rlt.Text.Tokenization;

namespace Rlt.Generation;

/// <summary>A sample in the making: one row of the decoding batch.</summary>
internal sealed class SampleRow(int request, int sampleIndex, int[] prompt, ulong stream)
{
    public int Request { get; } = request;

    public int SampleIndex { get; } = sampleIndex;

    public int[] Prompt { get; } = prompt;

    public ulong Stream { get; } = stream;

    public List<int> Ids { get; } = [];

    public List<float> LogProbs { get; } = [];

    public StringBuilder Text { get; } = new();

    public DecodeStream? Decoded { get; set; }

    /// <summary>Its place in the cache, which has all but the last drawn token.</summary>
    public CachedRow Cached { get; set; } = new();
}
