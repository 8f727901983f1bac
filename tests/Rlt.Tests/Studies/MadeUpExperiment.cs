using System.Text.Json.Nodes;
using Rlt.Configuration;
using Rlt.Studies;
using Rlt.Studies.Settings;
using Rlt.Tests.Data;

namespace Rlt.Tests.Studies;

/// <summary>Run folders as eval, collect and train-teacher leave them, with figures that a test chooses, and studies of them.</summary>
internal sealed class MadeUpExperiment : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public string this[string name] => _scratch[name];

    /// <summary>A finished evaluation.</summary>
    /// <param name="name">Its folder.</param>
    /// <param name="right">For each question "1" or "0" for each sample, questions apart by spaces; "-" is a wrong sample without an answer.</param>
    /// <param name="temperature">As the summary has it.</param>
    /// <param name="firstId">The first question's id; the others count on.</param>
    public void Eval(string name, string right, double temperature = 0, int firstId = 1)
    {
        string[] questions = right.Split(' ');
        IEnumerable<JsonObject> rows = questions.SelectMany((samples, index) => samples.Select((mark, sample) => new JsonObject
        {
            ["index"] = index, ["sample"] = sample, ["id"] = $"{firstId + index}", ["answer"] = $"{firstId + index}",
            ["extracted"] = mark == '-' ? null : "x", ["correct"] = mark == '1', ["finish_reason"] = "stop", ["tokens"] = 10 + sample,
        }));
        Lines(name, "results.jsonl", rows);
        var summary = new JsonObject { ["model"] = $"models/{name}", ["questions"] = questions.Length, ["samples"] = questions[0].Length, ["temperature"] = temperature, ["max_new_tokens"] = 96 };
        File.WriteAllText(Path.Combine(this[name], "summary.json"), summary.ToJsonString());
    }

    /// <summary>Traces with these rewards, and one dropped row.</summary>
    public void Traces(string name, params double[] rewards) => Lines(name, "traces.jsonl",
    [
        .. rewards.Select((reward, i) => new JsonObject
        {
            ["question"] = $"question {i}", ["solution"] = $"solution {i}", ["explanation"] = $"\n{name} explains {i} with ``` in it.", ["explanation_tokens"] = 20 + i, ["reward"] = reward, ["leaks_early"] = i == 0,
        }),
        new JsonObject { ["question"] = "question 99", ["dropped"] = "nothing there" },
    ]);

    /// <summary>A teacher's run with these rewards, a step each.</summary>
    public void Teacher(string name, params double[] rewards) => Lines(name, "metrics.jsonl", rewards.Select((reward, i) => new JsonObject
    {
        ["step"] = i + 1, ["reward"] = reward, ["think_kl"] = 0.5, ["completion_tokens"] = 40,
    }));

    /// <summary>Writes a study's file.</summary>
    /// <param name="sections">The sections' YAML, indented by two.</param>
    /// <param name="seeds">Its seeds.</param>
    public string Config(string sections, string seeds = "[1, 2]") => _scratch.Write("study.yaml", $"title: A made-up experiment\nruns: {this[""]}\nseeds: {seeds}\nsections:\n{sections}\n");

    /// <summary>A study.</summary>
    public Study Study(string sections, string seeds = "[1, 2]", bool partial = false) =>
        Rlt.Studies.Study.Of(ConfigLoader.Load<StudyConfig>(Config(sections, seeds), []), partial);

    public void Dispose() => _scratch.Dispose();

    private void Lines(string folder, string file, IEnumerable<JsonObject> rows)
    {
        Directory.CreateDirectory(this[folder]);
        File.WriteAllText(Path.Combine(this[folder], file), string.Concat(rows.Select(row => row.ToJsonString() + "\n")));
    }
}
