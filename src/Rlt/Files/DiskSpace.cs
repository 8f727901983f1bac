namespace Rlt.Files;

/// <summary>The disk's room.</summary>
public static class DiskSpace
{
    // errno of Linux and of macOS: no space, and the quota's end.
    private static readonly int[] Numbers = [28, 122, 69];

    /// <summary>Whether a write failed because the disk is full or a quota is used up.</summary>
    public static bool IsUsedUp(IOException error) => Numbers.Contains(error.HResult);
}
