using System.Globalization;

namespace Rlt.SmallWorld;

/// <summary>
/// Every word of the world, in the order of the token numbers. Shipped checkpoints depend on this order: add new words at the end.
/// </summary>
internal static class WorldWords
{
    /// <summary>Words as they stand inside a text, after a space.</summary>
    private const string Inside =
        "* + - / = "
        + "Anna Ben Cleo Dan Emma Finn Gina Hugo She He she he "
        + "apples coins cards stones books shells stamps beads "
        + "First Then Later Last So How "
        + "has buys finds gets from loses sells gives to doubles triples them makes it as many again half three times "
        + "and are there double triple of plus minus is doubled tripled halved less we see "
        + "the answer number changes some come go does both things a fine day smiles at all like then \\boxed{";

    /// <summary>Words that may begin a text.</summary>
    private const string Starting =
        "Anna Ben Cleo Dan Emma Finn Gina Hugo She He First Then Later Last The What So double triple half";

    /// <summary>All pieces of text that are one token beside the 256 bytes.</summary>
    public static IEnumerable<string> All =>
    [
        .. Enumerable.Range(0, Operation.Largest + 1).Select(n => $" {Number(n)}"),
        .. Enumerable.Range(10, Operation.Largest - 9).Select(Number),
        .. Inside.Split(' ').Select(word => $" {word}"),
        .. Starting.Split(' '),
    ];

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
