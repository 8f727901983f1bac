namespace Rlt.Coverage;

/// <summary>The designs that are run where none is given: benchmarks as people run them, from AIME to GSM8K.</summary>
internal static class Usual
{
    /// <summary>The designs.</summary>
    public static IEnumerable<Design> Designs => Texts.Select(Design.Parse);

    private static IEnumerable<string> Texts =>
    [
        .. from size in (string[])["n=30 k=1", "n=30 k=16", "n=30 k=64", "n=198 k=1", "n=198 k=4", "n=500 k=4", "n=1319 k=1"]
           from mean in (string[])["0.01", "0.05", "0.2", "0.5", "0.9"]
           from difficulty in size.EndsWith("k=1", StringComparison.Ordinal) ? (string[])["even"] : ["even", "beta:6", "beta:0.5", "all-or-nothing"]
           select $"{size} mean={mean} difficulty={difficulty}",
        .. from size in (string[])["n=30 k=1", "n=30 k=64", "n=198 k=4", "n=1319 k=1"]
           from means in (string[])["mean=0.05 mean2=0.1", "mean=0.5 mean2=0.5", "mean=0.6 mean2=0.8", "mean=0.9 mean2=0.95"]
           from agreement in (string[])["1", "0.5"]
           select $"{size} {means} difficulty=beta:2 agreement={agreement}",
        .. from seeds in (string[])["2", "3", "5"]
           from deviation in (string[])["0", "0.3", "1"]
           from arms in (string[])["n=400 k=4 mean=0.8", "n=200 k=4 mean=0.5 mean2=0.6"]
           select $"{arms} difficulty=beta:2 seeds={seeds} seed_deviation={deviation}",
    ];
}
