using System.Text;
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

    /// <summary>The sample has ended; the row is decoded on, unused, until the batch is compacted.</summary>
    public bool Done { get; set; }

    /// <summary>Position of the last drawn token, which is not yet in the cache.</summary>
    public int Position => Prompt.Length + Ids.Count - 1;
}
