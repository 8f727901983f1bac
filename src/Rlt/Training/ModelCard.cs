using System.Globalization;
using System.Text.Json.Nodes;
using Rlt.Files;
using Rlt.Models;
using Rlt.Runs;

namespace Rlt.Training;

/// <summary>The README.md of a finished model: what it was made from and how, for people and for the Hugging Face Hub.</summary>
/// <remarks>The head's keys are the Hub's model card metadata. The licence is the base model's and the data's to say: left to the user.</remarks>
internal static class ModelCard
{
    /// <summary>The file's name.</summary>
    public const string FileName = "README.md";

    private const string BaseModel = "base_model: ";

    // Beginnings of the metrics that tell what a run has come to; the rest is of its speed, or of single steps.
    private static readonly string[] Told =
        ["reward", "solution_score", "think_kl", "loss", "correct", "validation_", "kl_reference", "entropy", "completion_tokens"];
    private static readonly string[] Untold = ["_p10", "_p50", "_p90", "_min", "_max", "_std"];

    /// <summary>Writes the card of a run's model.</summary>
    /// <param name="folder">The run, all of whose metrics are there.</param>
    /// <param name="model">The model.</param>
    /// <param name="directory">Where it is written.</param>
    public static void Write(RunFolder folder, LanguageModel model, string directory)
    {
        bool adapters = model.Decoder.Adapters is not null;
        string command = CardText.Command(folder.Path)?.Split(' ') is [_, var name, ..] ? name : "training";
        string trained = adapters ? model.BaseDirectory : model.Directory;
        AtomicFile.WriteText(Path.Combine(directory, FileName), $"""
            ---
            {BaseModel}{BaseOf(trained)}
            library_name: {(adapters ? "peft" : "transformers")}
            pipeline_tag: text-generation
            tags: [rlt, reinforcement-learning-teachers, {command}]
            ---

            # {Path.GetFileName(Path.TrimEndingDirectorySeparator(folder.Path))}

            {(adapters ? "LoRA adapters for" : "A model that began as")} {CardText.NameOf(trained)} ({model.Decoder.Config.ModelType},
            {model.Decoder.Config.ParameterCount.ToString("N0", CultureInfo.InvariantCulture)} parameters), trained by `rlt {command}`
            in the manner of Reinforcement Learning Teachers ([arXiv 2506.08388](https://arxiv.org/abs/2506.08388)).

            ## Figures

            {Figures(RunRows.Read(folder.Metrics))}

            ## How it was made

            {CardText.Origin(folder.Path)}
            """);
    }

    // A run's model has a base of its own, which its card tells.
    private static string BaseOf(string directory)
    {
        string card = Path.Combine(directory, FileName);
        bool isRuns = File.Exists(Path.Combine(directory, "..", RunRecord.FileName));
        string? told = isRuns && File.Exists(card) ? File.ReadLines(card).FirstOrDefault(line => line.StartsWith(BaseModel, StringComparison.Ordinal)) : null;
        return told?[BaseModel.Length..] ?? CardText.NameOf(Path.GetFullPath(directory));
    }

    private static string Figures(IReadOnlyList<JsonObject> steps)
    {
        if (steps.Count == 0)
        {
            return "None were kept.";
        }

        string[] names = [.. steps[^1].Where(field => field.Value is JsonValue value && value.TryGetValue(out double _)
            && Told.Any(begin => field.Key.StartsWith(begin, StringComparison.Ordinal))
            && !Untold.Any(end => field.Key.EndsWith(end, StringComparison.Ordinal)))
            .Select(field => field.Key)];
        return $"| | first | after {steps.Count} steps |\n|---|---|---|\n" + string.Join('\n', names.Select(name =>
            $"| {name} | {Shown(steps.FirstOrDefault(step => step.ContainsKey(name))?[name])} | {Shown(steps[^1][name])} |"));
    }

    private static string Shown(JsonNode? value) => value is JsonValue number && number.TryGetValue(out double shown)
        ? shown.ToString("G5", CultureInfo.InvariantCulture) : "";
}
