// How often the product's 95% intervals hold the true mean, by simulation: scripts/coverage.sh says how it is called.
using System.Globalization;
using Rlt.Coverage;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
int runs = 2000, seed = 1;
var designs = new List<Design>();
try
{
    for (int i = 0; i < args.Length; i++)
    {
        switch (args[i])
        {
            case "--runs":
                runs = Whole("--runs", i + 1 < args.Length ? args[++i] : null, 20);
                break;
            case "--seed":
                seed = Whole("--seed", i + 1 < args.Length ? args[++i] : null, 0);
                break;
            default:
                designs.Add(Design.Parse(args[i]));
                break;
        }
    }
}
catch (FormatException error)
{
    Console.Error.WriteLine($"coverage: {error.Message}");
    return 2;
}

Console.WriteLine("| n | k | mean | difficulty | covered | truth above | truth below | width | ÷ needed | ÷ normal |\n|---|---|---|---|---|---|---|---|---|---|");
foreach (Design design in designs.Count > 0 ? designs : Usual.Designs)
{
    CoverageResult result = Simulation.Of(design, runs, seed);
    Console.WriteLine(
        $"| {design.Questions} | {design.Samples} | {Mean(design)} | {Difficulty(design)} | {result.Covered:0.0%} | {result.Below:0.0%} | {result.Above:0.0%} | {result.Width:0.000} | {result.Needed:0.00} | {result.Normal:0.00} |");
}

return 0;

static int Whole(string option, string? value, int least) => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least
    ? number
    : throw new FormatException($"{option} is '{value}'; expected a whole number of at least {least}.");

static string Mean(Design design) => design.Mean2 is { } second ? $"{second:0.0%} − {design.Mean:0.0%}, agreement {design.Agreement:0.##}" : $"{design.Mean:0.0%}";

static string Difficulty(Design design)
{
    string questions = design.Sum switch
    {
        0 => "all or nothing",
        double.PositiveInfinity => "even",
        _ => $"beta({design.Mean * design.Sum:0.###}, {(1 - design.Mean) * design.Sum:0.###})",
    };
    return design.Seeds == 1 ? questions : $"{questions}, {design.Seeds} seeds ± {design.SeedDeviation:0.##} log odds";
}
