using System.Text;

namespace Rlt.Text.Tokenization.Normalization;

/// <summary>
/// Unicode normalization. The text is cut where a code point cannot interact with what is before it, and only the clusters between such
/// places that can change are rewritten, so ordinary text passes through untouched.
/// </summary>
/// <remarks>
/// A composed letter stands for all of the letter and marks it was made of; Hugging Face's library reports only the letter's own place.
/// </remarks>
internal sealed class UnicodeNormalizer(UnicodeForm form) : Normalizer
{
    private readonly UnicodeMappings _mappings = UnicodeMappings.Instance;

    /// <inheritdoc/>
    public override AlignedText Apply(AlignedText text)
    {
        int change = NextChange(text.Value, 0, out int cluster);
        if (change < 0)
        {
            return text;
        }

        var builder = new AlignedTextBuilder(text);
        int kept = 0;
        while (change >= 0)
        {
            int end = ClusterEnd(text.Value, change);
            builder.Keep(kept, cluster);
            builder.Replace(cluster, end, Normalize(text.Value.AsSpan(cluster, end - cluster)));
            kept = end;
            change = NextChange(text.Value, end, out cluster);
        }

        builder.Keep(kept, text.Value.Length);
        return builder.Build();
    }

    /// <summary>The next code point that is not a boundary (-1 when there is none), and where the cluster it belongs to starts.</summary>
    private int NextChange(string text, int from, out int cluster)
    {
        cluster = from;
        for (int at = from, length; at < text.Length; at += length)
        {
            int codePoint = CodePoints.At(text, at, text.Length, out length);
            if (!_mappings.IsBoundary(codePoint, form))
            {
                return at;
            }

            cluster = at;
        }

        return -1;
    }

    private int ClusterEnd(string text, int at)
    {
        for (int length; at < text.Length; at += length)
        {
            int codePoint = CodePoints.At(text, at, text.Length, out length);
            if (_mappings.IsBoundary(codePoint, form))
            {
                break;
            }
        }

        return at;
    }

    private string Normalize(ReadOnlySpan<char> cluster)
    {
        var codePoints = new List<int>(cluster.Length);
        for (int at = 0, length; at < cluster.Length; at += length)
        {
            _mappings.Decompose(CodePoints.At(cluster, at, cluster.Length, out length), form is UnicodeForm.Nfkc or UnicodeForm.Nfkd, codePoints);
        }

        SortMarks(codePoints);
        if (form is UnicodeForm.Nfc or UnicodeForm.Nfkc)
        {
            Compose(codePoints);
        }

        var result = new StringBuilder(codePoints.Count);
        foreach (int codePoint in codePoints)
        {
            result.Append(new Rune(codePoint).ToString());
        }

        return result.ToString();
    }

    /// <summary>Puts the marks between two starters in the order of their classes, keeping the order within a class.</summary>
    private void SortMarks(List<int> codePoints)
    {
        for (int start = 0; start < codePoints.Count;)
        {
            int end = start;
            bool sorted = true;
            for (int last = 0; end < codePoints.Count && _mappings.CombiningClass(codePoints[end]) is > 0 and var own; last = own, end++)
            {
                sorted &= own >= last;
            }

            if (!sorted)
            {
                int[] ordered = [.. codePoints.GetRange(start, end - start).OrderBy(_mappings.CombiningClass)];
                for (int i = 0; i < ordered.Length; i++)
                {
                    codePoints[start + i] = ordered[i];
                }
            }

            start = Math.Max(end, start + 1);
        }
    }

    /// <summary>Joins each code point with the last starter before it unless one between them blocks it.</summary>
    private void Compose(List<int> codePoints)
    {
        int count = 0, starter = -1, lastClass = 0;
        for (int i = 0; i < codePoints.Count; i++)
        {
            int own = _mappings.CombiningClass(codePoints[i]);
            bool open = starter >= 0 && (starter == count - 1 || (lastClass < own && lastClass > 0));
            if (open && _mappings.Compose(codePoints[starter], codePoints[i]) is { } composed)
            {
                codePoints[starter] = composed;
                continue;
            }

            if (own == 0)
            {
                starter = count;
            }

            lastClass = own;
            codePoints[count++] = codePoints[i];
        }

        codePoints.RemoveRange(count, codePoints.Count - count);
    }
}
