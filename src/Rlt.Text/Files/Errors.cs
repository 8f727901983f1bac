namespace Rlt.Text.Files;

/// <summary>An error the user can act on: its message is shown alone, without a stack trace.</summary>
public abstract class RltException : Exception
{
    /// <summary>Creates the error with a message that says what, where, what was expected and what to do.</summary>
    protected RltException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }

    /// <summary>The process's exit code: 2 for bad input, 3 for a failed run.</summary>
    public virtual int ExitCode => 2;
}

/// <summary>A config file, option or combination of options that cannot be used.</summary>
public sealed class ConfigException : RltException
{
    /// <inheritdoc cref="RltException(string, Exception)"/>
    public ConfigException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>A model directory, weight file, tokenizer file or checkpoint that cannot be used.</summary>
public sealed class CheckpointException : RltException
{
    /// <inheritdoc cref="RltException(string, Exception)"/>
    public CheckpointException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>A data file or row that cannot be used.</summary>
public sealed class DataException : RltException
{
    /// <inheritdoc cref="RltException(string, Exception)"/>
    public DataException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>A run that began well and cannot go on: a loss that is not finite, a server that stopped answering.</summary>
public sealed class RunFailedException : RltException
{
    /// <inheritdoc cref="RltException(string, Exception)"/>
    public RunFailedException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }

    /// <inheritdoc/>
    public override int ExitCode => 3;
}
