namespace Rlt.Evaluation.Serving;

/// <summary>A request that a server did not answer as it should.</summary>
/// <param name="message">What came instead.</param>
/// <param name="mayPass">Whether the same request may succeed later.</param>
public sealed class ServerException(string message, bool mayPass) : RltException(message)
{
    /// <summary>Whether the same request may succeed later.</summary>
    public bool MayPass { get; } = mayPass;

    /// <summary>Whether every other request would be refused too: a wrong address, model or key.</summary>
    public bool IsOfAll { get; init; }

    /// <summary>Whether the server takes the limit of tokens only as max_completion_tokens.</summary>
    public bool WantsOtherLimit { get; init; }

    /// <summary>How long the server asks to wait; 0 where it does not say.</summary>
    public double WaitSeconds { get; init; }

    /// <inheritdoc/>
    public override int ExitCode => 3;
}
