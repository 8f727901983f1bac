using System.Text;

namespace Rlt.Distributed;

/// <summary>Texts that ranks exchange.</summary>
public static class RankTexts
{
    /// <summary>Every rank's text, for every rank.</summary>
    public static string[] AllGatherTexts(this ICollectives ranks, string own) =>
        [.. ranks.AllGatherBytes(Encoding.UTF8.GetBytes(own)).Select(Encoding.UTF8.GetString)];
}
