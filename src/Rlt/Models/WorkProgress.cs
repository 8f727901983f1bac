namespace Rlt.Models;

/// <summary>Is told how far a piece of work has come.</summary>
/// <param name="share">The share that is done, 0 to 1.</param>
/// <param name="tokens">Tokens worked through so far.</param>
public delegate void WorkProgress(double share, long tokens);

/// <summary>Counts tokens for those who want to know how far work has come.</summary>
public static class WorkCount
{
    /// <summary>Takes the tokens of each part of the work as it is done, and tells their share of the whole; null where nobody is told.</summary>
    /// <param name="progress">Who is told.</param>
    /// <param name="whole">Tokens of the whole work.</param>
    public static Action<long>? Over(this WorkProgress? progress, long whole)
    {
        long done = 0;
        return progress is null ? null : tokens => progress((double)(done += tokens) / Math.Max(1, whole), done);
    }
}
