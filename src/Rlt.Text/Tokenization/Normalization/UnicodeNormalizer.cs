using System.Text;
using Rlt.Text.Tokenization.Patterns;

namespace Rlt.Text.Tokenization.Normalization;

/// <summary>
/// Unicode normalization. The text falls into clusters that cannot change one another, and only clusters that change are rewritten, so
/// ordinary text passes through untouched.
/// </summary>
/// <remarks>
/// A composed letter stands for all of the letter and marks it was made of; Hugging Face's library reports only the letter's own place.
/// </remarks>
internal sealed class UnicodeNormalizer : Normalizer
{
    private readonly UnicodeMappings _mappings = UnicodeMappings.Instance;
    private readonly UnicodeForm _form;

    // What changes on its own, and what a code point before it may change or join. Nothing else needs a look.
    private readonly CodePointSet _changes;
    private readonly CodePointSet _continues;

    /// <summary>Makes a normalizer to one of the forms.</summary>
    public UnicodeNormalizer(UnicodeForm form)
    {
        _form = form;
        var affected = _mappings.Affected.ToList();
        _changes = CodePointSet.Of(affected.Where(codePoint => Normalize([codePoint]) is not [var only] || only != codePoint));
        _continues = CodePointSet.Of(affected.Where(Continues));
    }

    private bool IsComposing => _form is UnicodeForm.Nfc or UnicodeForm.Nfkc;

    /// <inheritdoc/>
    public override AlignedText Apply(AlignedText text)
    {
        int cluster = NextChange(text.Value, 0);
        if (cluster < 0)
        {
            return text;
        }

        var builder = new AlignedTextBuilder(text);
        int kept = 0;
        while (cluster >= 0)
        {
            int end = ClusterEnd(text.Value, cluster);
            builder.Keep(kept, cluster);
            builder.Replace(cluster, end, Normalize(text.Value.AsSpan(cluster, end - cluster)));
            kept = end;
            cluster = NextChange(text.Value, end);
        }

        builder.Keep(kept, text.Value.Length);
        return builder.Build();
    }

    /// <summary>The start of the next cluster that may change; -1 when there is none.</summary>
    private int NextChange(string text, int from)
    {
        int start = from;
        for (int at = from, length; at < text.Length; at += length)
        {
            int codePoint = CodePoints.At(text, at, text.Length, out length);
            if (_continues.Contains(codePoint))
            {
                return start;
            }

            start = at;
            if (_changes.Contains(codePoint))
            {
                return start;
            }
        }

        return -1;
    }

    /// <summary>Where the cluster that starts at a place ends.</summary>
    private int ClusterEnd(string text, int at)
    {
        CodePoints.At(text, at, text.Length, out int length);
        for (at += length; at < text.Length; at += length)
        {
            if (!_continues.Contains(CodePoints.At(text, at, text.Length, out length)))
            {
                break;
            }
        }

        return at;
    }

    private bool Continues(int codePoint)
    {
        var parts = new List<int>();
        _mappings.Decompose(codePoint, _form is UnicodeForm.Nfkc or UnicodeForm.Nfkd, parts);
        return _mappings.CombiningClass(codePoint) > 0 || _mappings.CombiningClass(parts[0]) > 0 || (IsComposing && _mappings.ComposesBackward(parts[0]));
    }

    private string Normalize(ReadOnlySpan<char> cluster)
    {
        var codePoints = new List<int>(cluster.Length);
        for (int at = 0, length; at < cluster.Length; at += length)
        {
            codePoints.Add(CodePoints.At(cluster, at, cluster.Length, out length));
        }

        var result = new StringBuilder(cluster.Length);
        foreach (int codePoint in Normalize(codePoints))
        {
            result.Append(new Rune(codePoint).ToString());
        }

        return result.ToString();
    }

    private List<int> Normalize(List<int> cluster)
    {
        var result = new List<int>(cluster.Count);
        foreach (int codePoint in cluster)
        {
            _mappings.Decompose(codePoint, _form is UnicodeForm.Nfkc or UnicodeForm.Nfkd, result);
        }

        SortMarks(result);
        if (IsComposing)
        {
            Compose(result);
        }

        return result;
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
            bool open = starter >= 0 && (starter == count - 1 || lastClass < own);
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

/// <summary>Unicode's four normalization forms.</summary>
internal enum UnicodeForm
{
    /// <summary>Canonical decomposition, then composition.</summary>
    Nfc,

    /// <summary>Canonical decomposition.</summary>
    Nfd,

    /// <summary>Compatibility decomposition, then composition.</summary>
    Nfkc,

    /// <summary>Compatibility decomposition.</summary>
    Nfkd,
}
