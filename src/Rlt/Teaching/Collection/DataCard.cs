using System.Globalization;
using Rlt.Runs;
using Rlt.Teaching.Rewards;

namespace Rlt.Teaching.Collection;

/// <summary>The README.md of exported traces: what they are and how they were made, for people and for the Hugging Face Hub.</summary>
/// <remarks>The head's keys are the Hub's data set card metadata. The licence is the questions' and the teacher's to say: left to the user.</remarks>
public static class DataCard
{
    /// <summary>The file's name.</summary>
    public const string FileName = "README.md";

    private static readonly (long Below, string Name)[] Sizes =
    [
        (1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"), (10_000_000, "1M<n<10M"), (long.MaxValue, "10M<n<100M"),
    ];

    /// <summary>The card's text.</summary>
    /// <param name="layout">How the rows are written.</param>
    /// <param name="rows">Their number.</param>
    /// <param name="dataFile">The file that has them.</param>
    /// <param name="format">The name of the tags' format.</param>
    /// <param name="run">The folder of the run that collected them; null where that is not known.</param>
    /// <param name="collected">The run's settings; null where they are not known.</param>
    public static string Text(TraceLayout layout, int rows, string dataFile, string format, string? run, CollectConfig? collected) => $"""
        ---
        # license: to be named by whoever publishes this; it depends on the questions and on the teacher
        size_categories: [{Sizes.First(size => rows < size.Below).Name}]
        task_categories: [text-generation]
        tags: [rlt, reinforcement-learning-teachers, reasoning, synthetic]
        configs:
          - config_name: default
            data_files: {dataFile}
        ---

        # Explanations of a reinforcement-learned teacher

        {rows.ToString("N0", CultureInfo.InvariantCulture)} questions with the thought and the solution that a student learns from, made by `rlt collect` in the
        manner of Reinforcement Learning Teachers ([arXiv 2506.08388](https://arxiv.org/abs/2506.08388)). Layout: {layout.ToString().ToLowerInvariant()}.

        | column | |
        |---|---|
        {string.Join('\n', TraceLayouts.Columns(layout).Select(column => $"| {column.Name} | {column.Text} |"))}

        ## How it was made

        {(collected is null ? $"| | |\n|---|---|\n| format | {CardText.NameOf(format)} |" : Made(collected, format))}

        {(run is null ? "" : CardText.Origin(run))}
        """.TrimEnd() + "\n";

    private static string Made(CollectConfig run, string format) => FormattableString.Invariant($"""
        | | |
        |---|---|
        | teacher | {CardText.NameOf(run.Model)} |
        | student that scored | {(run.Student is { } student ? CardText.NameOf(student) : "none")} |
        | questions | {CardText.NameOf(run.Data)} |
        | format of the tags | {CardText.NameOf(format)} |
        | sampling | {run.Samples} a question, temperature {run.Temperature}, top-p {run.TopP}, at most {run.MaxNewTokens} tokens, seed {run.Seed} |
        | kept | {run.Keep.ToString().ToLowerInvariant()}{(run.Keep == TraceChoice.Best ? $" by {run.BestBy.Field()}" : "")} |
        | reward | {(run.Student is null ? "none" : "solution score less think KL; its weights are in the settings below")} |
        """);
}
