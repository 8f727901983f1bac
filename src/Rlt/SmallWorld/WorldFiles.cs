using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Rlt.SmallWorld;

/// <summary>
/// A small world of word problems on which the whole method runs on a laptop: a tokenizer, the configuration of a tiny model, and
/// data for every stage. Everything follows from the seed; problems of the evaluation occur in no other file, under any wording.
/// </summary>
public static class WorldFiles
{
    private static readonly JsonSerializerOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the tokenizer and model configuration into <c>model/</c> and the data files beside it.</summary>
    public static void Write(string directory, int seed, WorldSizes sizes)
    {
        string model = Path.Combine(directory, "model");
        Directory.CreateDirectory(model);
        foreach ((string name, JsonObject content) in ModelFiles.All())
        {
            File.WriteAllText(Path.Combine(model, name), content.ToJsonString(new JsonSerializerOptions(s_json) { WriteIndented = true }) + "\n");
        }

        foreach ((string name, IEnumerable<JsonObject> rows) in Rows(seed, sizes))
        {
            WriteLines(Path.Combine(directory, name), rows);
        }
    }

    /// <summary>Every data file's name and rows.</summary>
    internal static IEnumerable<(string Name, IEnumerable<JsonObject> Rows)> Rows(int seed, WorldSizes sizes)
    {
        yield return ("pretrain.jsonl", Pretrain(new WorldRandom(seed, "pretrain"), sizes.Pretrain));
        yield return ("student.jsonl", Problems(seed, "student", sizes.Student, Explanations.StudentManners));
        yield return ("warmup.jsonl", Problems(seed, "warmup", sizes.Warmup, Explanations.WarmupManners));
        yield return ("rl.jsonl", Problems(seed, "rl", sizes.Rl, null));
        yield return ("distill.jsonl", Problems(seed, "distill", sizes.Distill, null));
        yield return ("heldout.jsonl", Problems(seed, "heldout", sizes.HeldOut, null));
    }

    private static IEnumerable<JsonObject> Pretrain(WorldRandom random, int count) =>
        Enumerable.Range(0, count).Select(_ => PretrainTexts.Draw(random));

    private static IEnumerable<JsonObject> Problems(int seed, string stream, int count, IReadOnlyList<Manner>? manners)
    {
        var random = new WorldRandom(seed, stream);
        var seen = new HashSet<string>();
        while (seen.Count < count)
        {
            Problem problem = Problem.Draw(random, random.Between(2, 3), heldOut: stream == "heldout");
            if (!seen.Add(problem.Signature))
            {
                continue;
            }

            var row = new JsonObject
            {
                ["question"] = problem.Question,
                ["solution"] = problem.Solution,
                ["answer"] = problem.Answer.ToString(CultureInfo.InvariantCulture),
            };
            if (manners is not null)
            {
                row["explanation"] = Explanations.Write(problem, manners, random);
            }

            yield return row;
        }
    }

    private static void WriteLines(string path, IEnumerable<JsonObject> rows)
    {
        using var writer = new StreamWriter(path, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { NewLine = "\n" };
        foreach (JsonObject row in rows)
        {
            writer.WriteLine(row.ToJsonString(s_json));
        }
    }
}
