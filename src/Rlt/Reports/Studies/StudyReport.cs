using System.Globalization;
using System.Text;
using Rlt.Files;
using Rlt.Studies;

namespace Rlt.Reports.Studies;

/// <summary>Writes a study: <c>report.md</c>, its pictures beside it, and <c>study.json</c> with every number.</summary>
public static class StudyReport
{
    /// <summary>The report's name in its folder.</summary>
    public const string FileName = "report.md";

    /// <summary>The name of the file of numbers.</summary>
    public const string JsonName = "study.json";

    private const string Method = """
        Accuracy is avg@k: the mean over questions of each one's share of right samples, then the mean over seeds. Intervals are 95% intervals of the
        mean over all questions and seeds that those of this study are a sample of: Wilson's and, for differences, Tango's score intervals with
        the number of questions that tells as much as seeds × questions do (a crossed analysis of variance; t with its degrees of freedom).
        Comparisons are paired by seed and question. A correlation has one point an arm and seed. Its first interval is of these arms: seeds, then
        questions are drawn with replacement (10,000 seeded times, the same ones for all arms) and r computed anew; its second takes the arms for a
        sample of other arms (Fisher's z with the number of arms). A claim holds where its whole interval (of a correlation, the first)
        is above zero, does not hold where it is below, and is not told apart where it includes zero. Intervals are not corrected for the number
        of claims.
        """;

    /// <summary>Writes the study's files into a folder, which is created where it is absent.</summary>
    public static void Write(Study study, string folder)
    {
        foreach ((string name, string picture) in study.Sections.SelectMany((section, i) => PicturesOf(section, i + 1)))
        {
            AtomicFile.WriteText(Path.Combine(folder, name), picture);
        }

        AtomicFile.WriteText(Path.Combine(folder, JsonName), StudyJson.Of(study));
        AtomicFile.WriteText(Path.Combine(folder, FileName), Markdown(study));
    }

    /// <summary>The claims as a Markdown table, one a line; empty where the study has none.</summary>
    public static string Summary(Study study) => ClaimTable.Markdown(ClaimTable.Claims(study)).TrimEnd();

    private static string Markdown(Study study)
    {
        var text = new StringBuilder($"# {study.Config.Title}\n");
        AddParagraph(text, study.Config.Intro);
        AddParagraph(text, Summary(study));
        AddParagraph(text, SeedNote(study));
        AddParagraph(text, Missing(study));
        for (int i = 0; i < study.Sections.Count; i++)
        {
            AddSection(text, study, i);
        }

        text.Append("\n## How the figures are made\n");
        AddParagraph(text, Method);
        return text.Append(RunTable.Markdown(study)).ToString();
    }

    private static void AddSection(StringBuilder text, Study study, int index)
    {
        StudySection section = study.Sections[index];
        text.Append(CultureInfo.InvariantCulture, $"\n## {index + 1}. {section.Config.Title}\n");
        AddParagraph(text, section.Config.Text);
        if (section.Arms.Count == 0)
        {
            AddParagraph(text, "Left out: none of its runs is there.");
            return;
        }

        foreach ((string name, _) in PicturesOf(section, index + 1))
        {
            AddParagraph(text, $"![{section.Config.Title.Replace("]", ")", StringComparison.Ordinal).Replace("[", "(", StringComparison.Ordinal)}]({name})");
        }

        AddParagraph(text, ArmTables.Markdown(section, section.Config.Seeds ?? study.Config.Seeds));
        AddParagraph(text, string.Join('\n', section.Config.Compare.Select((compared, i) => "- " + (section.Comparisons[i] is { } comparison
            ? Comparison(section, comparison)
            : $"{Wording.Claim(section.Config, compared)}: left out, runs are not there"))));
        AddParagraph(text, section.Config.Correlation is null
            ? null
            : section.Correlation is { } found ? Correlation(found) : "The correlation is left out: runs are not there.");
        AddParagraph(text, section.Config.Samples is null
            ? null
            : section.Quotes.Count > 0 ? Quotes.Markdown(section.Quotes) : "Nothing is quoted: the arms' traces have no question in common.");
    }

    private static string Comparison(StudySection section, StudyComparison comparison)
    {
        string seeds = comparison.Replicates == 1 ? "" : $". By seed: {string.Join(Figures.Between, comparison.BySeed.Select(Figures.Points))}";
        string unlike = comparison.UnlikeSettings.Count == 0 ? "" : $". **Not evaluated alike**: {string.Join(", ", comparison.UnlikeSettings)}";
        return Wording.Sentence(section.Config, comparison) + seeds + unlike;
    }

    private static string Correlation(StudyCorrelation correlation)
    {
        string head = Figures.Head(["arm", "seed", Figures.Heading(correlation.Config.X), "accuracy"]);
        IEnumerable<string> rows = correlation.Arms.SelectMany((arm, a) => correlation.Seeds.Select((seed, s) => Figures.Row(
            [Figures.Cell(arm.Config.Name), seed.ToString(CultureInfo.InvariantCulture),
                Figures.Field(correlation.Config.X, correlation.X[a][s]), Figures.Percent(correlation.Y[a][s])])));
        return $"{Wording.Sentence(correlation)}\n\n<details><summary>The points</summary>\n\n{head}{string.Concat(rows)}\n</details>";
    }

    private static IEnumerable<(string Name, string Picture)> PicturesOf(StudySection section, int number)
    {
        if (Pictures.Bars(section) is { } bars)
        {
            yield return ($"section-{number}.svg", bars);
        }

        if (section.Correlation is { } correlation)
        {
            yield return ($"section-{number}-correlation.svg", Pictures.Scatter(correlation));
        }
    }

    private static string SeedNote(Study study) => study.Config.Seeds.Count == 1
        ? "One seed: the intervals hold no variation between seeds; another seed may come out otherwise."
        : $"{study.Config.Seeds.Count} seeds. So few tell the variation between seeds only roughly: look at each seed's figure as well as at the intervals.";

    private static string? Missing(Study study)
    {
        string[] missing = [.. study.Sections.SelectMany(section => section.Missing)];
        return missing.Length == 0 ? null : "**Left out, since it is not there yet:**\n\n" + string.Join('\n', missing.Select(what => $"- {what}"));
    }

    private static void AddParagraph(StringBuilder text, string? paragraph)
    {
        if (!string.IsNullOrWhiteSpace(paragraph))
        {
            text.Append('\n').Append(paragraph.Trim()).Append('\n');
        }
    }
}
