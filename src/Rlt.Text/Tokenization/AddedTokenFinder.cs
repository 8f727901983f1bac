using System.Buffers;
using Rlt.Text.Tokenization.Patterns;

namespace Rlt.Text.Tokenization;

/// <summary>Finds added tokens in a text: the leftmost, and of those at one place the longest.</summary>
internal sealed class AddedTokenFinder
{
    private readonly Node _root = new();
    private readonly SearchValues<char> _firstChars;

    /// <summary>Makes a finder for tokens by the text they are looked for as.</summary>
    public AddedTokenFinder(IEnumerable<(string Text, AddedToken Token)> tokens)
    {
        foreach (var (text, token) in tokens.Where(pair => pair.Text.Length > 0))
        {
            var node = _root;
            foreach (char c in text)
            {
                node = node.Next.TryGetValue(c, out var next) ? next : node.Next[c] = new Node();
            }

            node.Token ??= token;
        }

        _firstChars = SearchValues.Create([.. _root.Next.Keys]);
    }

    /// <summary>Adds a text's pieces to a list: the added tokens found in it, and what is between them.</summary>
    public void Split(AlignedText text, List<Piece> output)
    {
        string value = text.Value;
        int done = 0;
        for (int at = 0, ahead; (ahead = value.AsSpan(at).IndexOfAny(_firstChars)) >= 0;)
        {
            at += ahead;
            var (token, end) = Longest(value, at);
            if (token is null)
            {
                at++;
                continue;
            }

            // A match that its conditions reject is passed over as a whole, as in Hugging Face's library.
            if (!token.SingleWord || (!IsWordBefore(value, at) && !IsWordAt(value, end)))
            {
                int start = token.StripsLeft ? SpaceStart(value, at, done) : at;
                int stop = token.StripsRight ? SpaceEnd(value, end) : end;
                if (done < start)
                {
                    output.Add(new Piece(text, done, start));
                }

                // A token of white space that the one before it took in is found all the same, also as there.
                output.Add(new Piece(text, Math.Min(start, stop), stop, token.Id));
                done = stop;
            }

            at = end;
        }

        if (done < value.Length)
        {
            output.Add(new Piece(text, done, value.Length));
        }
    }

    private (AddedToken? Token, int End) Longest(string text, int at)
    {
        AddedToken? found = null;
        int end = at;
        var node = _root;
        for (int i = at; i < text.Length && node.Next.TryGetValue(text[i], out var next); i++)
        {
            node = next;
            if (node.Token is not null)
            {
                (found, end) = (node.Token, i + 1);
            }
        }

        return (found, end);
    }

    private static int SpaceStart(string text, int at, int limit)
    {
        while (at > limit && char.IsWhiteSpace(text[at - 1]))
        {
            at--;
        }

        return Math.Max(at, limit);
    }

    private static int SpaceEnd(string text, int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
        {
            at++;
        }

        return at;
    }

    private static bool IsWordBefore(string text, int at) =>
        at > 0 && PatternClasses.StandardWord.Contains(CodePoints.At(text, CodePoints.Before(text, at, 0), at, out _));

    private static bool IsWordAt(string text, int at) => at < text.Length && PatternClasses.StandardWord.Contains(CodePoints.At(text, at, text.Length, out _));

    private sealed class Node
    {
        public Dictionary<char, Node> Next { get; } = [];

        public AddedToken? Token { get; set; }
    }
}
