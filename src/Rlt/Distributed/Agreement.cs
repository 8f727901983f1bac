using System.Text;
using TorchSharp;

namespace Rlt.Distributed;

/// <summary>What ranks find out together.</summary>
public static class Agreement
{
    /// <summary>Every rank's text, for every rank.</summary>
    public static string[] AllGatherTexts(this ICollectives ranks, string own) =>
        [.. ranks.AllGatherBytes(Encoding.UTF8.GetBytes(own)).Select(Encoding.UTF8.GetString)];

    /// <summary>Whether it is so on any rank: the same answer on all of them.</summary>
    public static bool Any(this ICollectives ranks, bool here)
    {
        if (ranks.Size == 1)
        {
            return here;
        }

        using torch.Tensor flag = torch.tensor(here ? 1L : 0L);
        ranks.AllReduce(flag);
        return flag.item<long>() > 0;
    }
}
