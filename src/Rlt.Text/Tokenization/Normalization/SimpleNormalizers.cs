using System.Text;
using Rlt.Text.Tokenization.Patterns;

namespace Rlt.Text.Tokenization.Normalization;

/// <summary>Makes every letter lower case, one code point at a time.</summary>
internal sealed class LowercaseNormalizer : Normalizer
{
    /// <inheritdoc/>
    public override AlignedText Apply(AlignedText text)
    {
        var builder = new AlignedTextBuilder(text);
        Span<char> lower = stackalloc char[2];
        for (int at = 0, length; at < text.Value.Length; at += length)
        {
            int codePoint = CodePoints.At(text.Value, at, text.Value.Length, out length);
            if (codePoint == 0x130)
            {
                // The one letter whose lower case is two code points: dotted capital I.
                builder.Replace(at, at + length, "i\u0307");
                continue;
            }

            int units = Rune.ToLowerInvariant(new Rune(codePoint)).EncodeToUtf16(lower);
            builder.Replace(at, at + length, lower[..units]);
        }

        return builder.Build();
    }
}

/// <summary>Removes white space from the text's ends.</summary>
internal sealed class StripNormalizer(bool left, bool right) : Normalizer
{
    /// <inheritdoc/>
    public override AlignedText Apply(AlignedText text)
    {
        int start = 0, end = text.Value.Length;
        while (left && start < end && char.IsWhiteSpace(text.Value[start]))
        {
            start++;
        }

        while (right && end > start && char.IsWhiteSpace(text.Value[end - 1]))
        {
            end--;
        }

        return text.Slice(start, end);
    }
}

/// <summary>Removes every combining mark; accents of composed letters go only after a decomposition.</summary>
internal sealed class StripAccentsNormalizer : Normalizer
{
    private static readonly CodePointSet _marks = PatternClasses.Property("M")!;

    /// <inheritdoc/>
    public override AlignedText Apply(AlignedText text)
    {
        var builder = new AlignedTextBuilder(text);
        for (int at = 0, length; at < text.Value.Length; at += length)
        {
            int codePoint = CodePoints.At(text.Value, at, text.Value.Length, out length);
            if (!_marks.Contains(codePoint))
            {
                builder.Keep(at, at + length);
            }
        }

        return builder.Build();
    }
}

/// <summary>Puts a text in front of any text that is not empty; it stands for the first code point, as in Hugging Face's library.</summary>
internal sealed class PrependNormalizer(string prefix) : Normalizer
{
    /// <inheritdoc/>
    public override AlignedText Apply(AlignedText text) => Prepend(text, prefix);

    /// <summary>The text with a prefix that stands for the text's first code point.</summary>
    public static AlignedText Prepend(AlignedText text, string prefix)
    {
        if (text.Value.Length == 0)
        {
            return text;
        }

        CodePoints.At(text.Value, 0, text.Value.Length, out int length);
        var builder = new AlignedTextBuilder(text);
        builder.Insert(prefix, text.Origin(0, length));
        builder.Keep(0, text.Value.Length);
        return builder.Build();
    }
}

/// <summary>Replaces every match of a pattern by a fixed text.</summary>
internal sealed class ReplaceNormalizer(Pattern pattern, string content) : Normalizer
{
    /// <inheritdoc/>
    public override AlignedText Apply(AlignedText text)
    {
        var scanner = new PatternScanner(pattern);
        scanner.Reset(text.Value, 0, text.Value.Length);
        if (!scanner.TryFind(0, out var match))
        {
            return text;
        }

        var builder = new AlignedTextBuilder(text);
        int kept = 0;
        do
        {
            builder.Keep(kept, match.Start);
            builder.Insert(content, text.Origin(match.Start, match.End));
            kept = match.End;
        }
        while (scanner.TryFind(kept, out match));

        builder.Keep(kept, text.Value.Length);
        return builder.Build();
    }
}
