using System.Text;

namespace Rlt.Cli;

/// <summary>Says on a terminal at once that a command has begun; the line goes when there is something else to say.</summary>
internal sealed class StartingLine : TextWriter
{
    private readonly TextWriter _errors;
    private bool _isShown = true;

    private StartingLine(TextWriter errors) => _errors = errors;

    /// <inheritdoc/>
    public override Encoding Encoding => _errors.Encoding;

    /// <summary>Shows the line, where standard error is a terminal that can take it back.</summary>
    public static void Show(string command)
    {
        if (LiveView.IsOnTerminal)
        {
            Console.Error.Write($"{command}: reading settings, data and model …\r");
            Console.SetError(new StartingLine(Console.Error));
        }
    }

    /// <inheritdoc/>
    public override void Write(char value) => Write(value.ToString());

    /// <inheritdoc/>
    public override void Write(string? value)
    {
        _errors.Write((_isShown ? "\e[K" : "") + value);
        if (_isShown)
        {
            _isShown = false;
            Console.SetError(_errors);
        }
    }

    /// <inheritdoc/>
    public override void WriteLine(string? value) => Write(value + "\n");
}
