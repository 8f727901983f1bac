namespace Rlt.Text.Tokenization.Decoding;

/// <summary>
/// One step from tokens to text. Tokens come in one at a time and go on as soon as what follows cannot change them, so the same steps serve
/// for whole texts and for text that is still being generated.
/// </summary>
internal abstract class DecodeStep
{
    private Action<string> _next = _ => { };

    /// <summary>Says where the step's results go.</summary>
    public void SendTo(Action<string> next) => _next = next;

    /// <summary>Takes the next token.</summary>
    public abstract void Push(string token);

    /// <summary>Gives out what was held back: there are no more tokens.</summary>
    public virtual void Finish()
    {
    }

    /// <summary>Gives a result on.</summary>
    protected void Send(string token) => _next(token);
}
