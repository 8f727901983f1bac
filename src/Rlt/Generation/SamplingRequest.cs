using Rlt.Distributed;
using Rlt.Statistics;

namespace Rlt.Generation;

/// <summary>A prompt and the random streams of the samples wanted from it.</summary>
/// <param name="Prompt">Token ids, at least one.</param>
/// <param name="Streams">One key a sample (<see cref="RandomStream.Key"/>).</param>
public sealed record SamplingRequest(int[] Prompt, ulong[] Streams)
{
    /// <summary>Tokens drawn at most for each sample; null: as the options say.</summary>
    public int? MaxNewTokens { get; init; }
}

/// <summary>Why a sample ended.</summary>
public enum FinishReason
{
    /// <summary>A stop id or stop text came.</summary>
    Stop,

    /// <summary>The token limit or the model's context was reached.</summary>
    Length,
}

/// <summary>One finished sample.</summary>
/// <param name="Ids">The drawn tokens, a stop id included.</param>
/// <param name="LogProbs">log p of each at the sampling temperature; nats.</param>
/// <param name="Finish">Why it ended.</param>
public sealed record Sample(int[] Ids, float[] LogProbs, FinishReason Finish)
{
    internal void Write(BinaryWriter writer)
    {
        writer.Write((int)Finish);
        WorkShare.Write(writer, Ids);
        WorkShare.Write(writer, LogProbs);
    }

    internal static Sample Read(BinaryReader reader)
    {
        var finish = (FinishReason)reader.ReadInt32();
        return new Sample(WorkShare.Read<int>(reader), WorkShare.Read<float>(reader), finish);
    }
}
