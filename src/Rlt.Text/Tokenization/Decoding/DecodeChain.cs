using System.Text;

namespace Rlt.Text.Tokenization.Decoding;

/// <summary>The steps from tokens to text, in use for one text.</summary>
internal sealed class DecodeChain
{
    private readonly DecodeStep[] _steps;
    private readonly StringBuilder _ready = new();

    /// <summary>Makes a chain of fresh steps.</summary>
    public DecodeChain(IEnumerable<Func<DecodeStep>> steps)
    {
        _steps = [.. steps.Select(make => make())];
        for (int i = 0; i < _steps.Length; i++)
        {
            _steps[i].SendTo(i + 1 < _steps.Length ? _steps[i + 1].Push : text => _ready.Append(text));
        }
    }

    /// <summary>Takes the next token.</summary>
    public void Push(string token)
    {
        if (_steps.Length == 0)
        {
            _ready.Append(token);
        }
        else
        {
            _steps[0].Push(token);
        }
    }

    /// <summary>Makes the text that was held back ready, too.</summary>
    public void Finish()
    {
        foreach (var step in _steps)
        {
            step.Finish();
        }
    }

    /// <summary>The text that became ready since the last call.</summary>
    public string Take()
    {
        string text = _ready.ToString();
        _ready.Clear();
        return text;
    }
}
