namespace Rlt.Configuration;

/// <summary>Finds what a mistyped key was meant to be.</summary>
internal static class NearestKey
{
    /// <summary>The closest of the valid keys; null where none is close.</summary>
    public static string? Find(string key, IEnumerable<string> valid)
    {
        int limit = Math.Max(1, key.Length / 3);
        return valid
            .Where(candidate => Math.Abs(candidate.Length - key.Length) <= limit)
            .Select(candidate => (Key: candidate, Distance: Distance(Plain(key), Plain(candidate))))
            .Where(candidate => candidate.Distance <= limit)
            .OrderBy(candidate => candidate.Distance)
            .FirstOrDefault().Key;
    }

    private static string Plain(string key) => key.Replace('-', '_').Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();

    // Edits between two words: a character put in, left out, replaced, or swapped with its neighbour.
    private static int Distance(string a, string b)
    {
        var edits = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                edits[i, j] = (i, j) switch
                {
                    (0, _) => j,
                    (_, 0) => i,
                    _ => Math.Min(edits[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1), 1 + Math.Min(edits[i - 1, j], edits[i, j - 1])),
                };
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    edits[i, j] = Math.Min(edits[i, j], edits[i - 2, j - 2] + 1);
                }
            }
        }

        return edits[a.Length, b.Length];
    }
}
