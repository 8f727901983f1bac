using System.Globalization;
using System.Text.RegularExpressions;

namespace Rlt.RunPlans;

/// <summary>The ranks of a run that is planned: a GPU each.</summary>
/// <param name="Nodes">Machines.</param>
/// <param name="GpusPerNode">GPUs of each.</param>
/// <param name="LinkBits">Bits a second that one machine sends to the others; null where it is not known.</param>
public sealed record RankPlan(int Nodes, int GpusPerNode, double? LinkBits)
{
    /// <summary>All of them.</summary>
    public int Count => Nodes * GpusPerNode;

    /// <summary>What one rank sends: in a ring one rank of a machine sends out of it at a time, so that it has the whole link.</summary>
    public double? BytesPerSecond => LinkBits / 8;

    /// <summary>Reads the speed of a link, such as 400Gb or 25Gbit (10⁹ bits a second), 900GB (10⁹ bytes).</summary>
    /// <exception cref="ConfigException">It is none.</exception>
    public static double ParseLink(string text)
    {
        Match match = Regex.Match(text, @"^([0-9]+(?:\.[0-9]+)?)\s*(M|G|T)(b|bit|bps|B)(?:/s)?$");
        if (!match.Success || double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) is not (> 0 and var count))
        {
            throw new ConfigException($"--link '{text}' is no speed; expected such as 400Gb (10⁹ bits a second) or 50GB (10⁹ bytes)");
        }

        double unit = match.Groups[2].Value switch { "M" => 1e6, "G" => 1e9, _ => 1e12 };
        return count * unit * (match.Groups[3].Value == "B" ? 8 : 1);
    }
}
