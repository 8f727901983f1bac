using Rlt.Text.Tokenization.Decoding;

namespace Rlt.Text.Tokenization;

/// <summary>
/// Decodes ids one at a time. The texts given out, put together, are what <see cref="Tokenizer.Decode"/> makes of all ids; a character is
/// given out when it is complete.
/// </summary>
public sealed class DecodeStream
{
    private readonly Tokenizer _tokenizer;
    private readonly DecodeChain _chain;
    private readonly bool _skipSpecialTokens;

    internal DecodeStream(Tokenizer tokenizer, DecodeChain chain, bool skipSpecialTokens)
    {
        _tokenizer = tokenizer;
        _chain = chain;
        _skipSpecialTokens = skipSpecialTokens;
    }

    /// <summary>The text that is complete with this id and was not given out before; may be empty.</summary>
    public string Append(int id)
    {
        Push(id);
        return _chain.Take();
    }

    /// <summary>The rest, when there are no more ids: bytes of an unfinished character come out as U+FFFD.</summary>
    public string Finish()
    {
        _chain.Finish();
        return _chain.Take();
    }

    internal void Push(int id)
    {
        if (_tokenizer.IdToToken(id) is { } token && !(_skipSpecialTokens && _tokenizer.IsSpecial(id)))
        {
            _chain.Push(token);
        }
    }
}
