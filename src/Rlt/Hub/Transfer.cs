namespace Rlt.Hub;

/// <summary>A download under way, for who shows it.</summary>
/// <param name="Name">What is downloaded.</param>
/// <param name="Parts">Its files.</param>
public sealed record Transfer(string Name, IReadOnlyList<TransferPart> Parts)
{
    /// <summary>Is called as a download begins; what it returns is disposed at the end. Null: nobody shows it.</summary>
    public static Func<Transfer, IDisposable>? Shown { get; set; }

    /// <summary>Is told what a user should know meanwhile; null: nobody is.</summary>
    public static Action<string>? Said { get; set; }

    /// <summary>Bytes of all files.</summary>
    public long Size => Parts.Sum(part => part.Size);

    /// <summary>Bytes that are there.</summary>
    public long Done => Parts.Sum(part => part.Done);
}

/// <summary>A file of a download.</summary>
/// <param name="name">Its path in the repository.</param>
/// <param name="size">Its bytes.</param>
public sealed class TransferPart(string name, long size)
{
    private long _done;

    /// <summary>Its path in the repository.</summary>
    public string Name => name;

    /// <summary>Its bytes.</summary>
    public long Size => size;

    /// <summary>Bytes that are there; may be read on any thread.</summary>
    public long Done
    {
        get => Interlocked.Read(ref _done);
        set => Interlocked.Exchange(ref _done, value);
    }
}
