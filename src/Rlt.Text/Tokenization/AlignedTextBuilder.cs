using System.Text;

namespace Rlt.Text.Tokenization;

/// <summary>Rewrites an aligned text part by part, from its start to its end.</summary>
internal sealed class AlignedTextBuilder(AlignedText source)
{
    private readonly StringBuilder _text = new(source.Value.Length);
    private readonly List<TextSpan> _origins = new(source.Value.Length);

    /// <summary>Takes over a part of the source as it is.</summary>
    public void Keep(int start, int end)
    {
        _text.Append(source.Value, start, end - start);
        for (int i = start; i < end; i++)
        {
            _origins.Add(source.Origin(i, i + 1));
        }
    }

    /// <summary>
    /// Puts a text in the place of a part of the source. What both have in common at their start and end stays aligned unit by unit; the
    /// rest stands for the whole changed middle.
    /// </summary>
    public void Replace(int start, int end, ReadOnlySpan<char> replacement)
    {
        var replaced = source.Value.AsSpan(start, end - start);
        int head = replaced.CommonPrefixLength(replacement);
        head -= head > 0 && char.IsHighSurrogate(replaced[head - 1]) ? 1 : 0;
        int most = Math.Min(replaced.Length, replacement.Length) - head;
        int tail = 0;
        while (tail < most && replaced[^(tail + 1)] == replacement[^(tail + 1)])
        {
            tail++;
        }

        tail -= tail > 0 && char.IsLowSurrogate(replaced[^tail]) ? 1 : 0;
        Keep(start, start + head);
        Insert(replacement[head..^tail], source.Origin(start + head, end - tail));
        Keep(end - tail, end);
    }

    /// <summary>Adds a text that stands for a range of the original.</summary>
    public void Insert(ReadOnlySpan<char> text, TextSpan origin)
    {
        _text.Append(text);
        for (int i = 0; i < text.Length; i++)
        {
            _origins.Add(origin);
        }
    }

    /// <summary>The rewritten text.</summary>
    public AlignedText Build() => new(_text.ToString(), [.. _origins]);
}
