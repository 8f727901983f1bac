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
    private static readonly Manner[] CarefulManner = [Explanations.WarmupManners[0]];

    private static readonly JsonSerializerOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes tokenizer and configuration of the models into <c>model/</c> and <c>model-large/</c>, and the data files beside them.</summary>
    public static void Write(string directory, int seed, WorldSizes sizes)
    {
        WriteModel(Path.Combine(directory, "model"), WorldModel.Width);
        WriteModel(Path.Combine(directory, "model-large"), WorldModel.LargeWidth);

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
        yield return ("distill-careful.jsonl", Explained(seed, sizes.Distill, CarefulManner));
        yield return ("distill-bare.jsonl", Explained(seed, sizes.Distill, null));
        yield return ("heldout.jsonl", Problems(seed, "heldout", sizes.HeldOut, null));
        yield return ("transfer.jsonl", Problems(seed, "transfer", sizes.Distill, null));
        yield return ("transfer-heldout.jsonl", Problems(seed, "transfer-heldout", sizes.HeldOut, null));
    }

    private static IEnumerable<JsonObject> Pretrain(WorldRandom random, int count) =>
        Enumerable.Range(0, count).Select(_ => PretrainTexts.Draw(random));

    private static IEnumerable<JsonObject> Problems(int seed, string stream, int count, IReadOnlyList<Manner>? manners)
    {
        var random = new WorldRandom(seed, stream);
        foreach (Problem problem in Draw(random, stream, count))
        {
            JsonObject row = Row(problem);
            if (manners is not null)
            {
                row["explanation"] = Explanations.Write(problem, manners, random);
            }

            yield return row;
        }
    }

    // The questions of distill.jsonl with explanations that nobody had to learn to write: the two ends of what teaching can do.
    private static IEnumerable<JsonObject> Explained(int seed, int count, IReadOnlyList<Manner>? manners)
    {
        var words = new WorldRandom(seed, "distill-explanations");
        foreach (Problem problem in Draw(new WorldRandom(seed, "distill"), "distill", count))
        {
            JsonObject row = Row(problem);
            row["explanation"] = manners is null ? "" : Explanations.Write(problem, manners, words);
            yield return row;
        }
    }

    // The stream's name says what is drawn: "heldout" those kept for evaluation, "transfer" recipes.
    private static IEnumerable<Problem> Draw(WorldRandom random, string stream, int count)
    {
        var seen = new HashSet<string>();
        while (seen.Count < count)
        {
            var problem = Problem.Draw(
                random, random.Between(2, 3), stream.EndsWith("heldout", StringComparison.Ordinal), stream.StartsWith("transfer", StringComparison.Ordinal));
            if (seen.Add(problem.Signature))
            {
                yield return problem;
            }
        }
    }

    private static JsonObject Row(Problem problem) => new()
    {
        ["question"] = problem.Question,
        ["solution"] = problem.Solution,
        ["answer"] = problem.Answer.ToString(CultureInfo.InvariantCulture),
    };

    private static void WriteModel(string directory, int width)
    {
        Directory.CreateDirectory(directory);
        foreach ((string name, JsonObject content) in WorldModel.All(width))
        {
            File.WriteAllText(Path.Combine(directory, name), content.ToJsonString(new JsonSerializerOptions(s_json) { WriteIndented = true }) + "\n");
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

/// <summary>How many rows each data file gets.</summary>
public sealed record WorldSizes
{
    /// <summary>Texts for the base model.</summary>
    public int Pretrain { get; init; } = 60_000;

    /// <summary>Explained problems for the frozen student of the reward.</summary>
    public int Student { get; init; } = 8_000;

    /// <summary>Explained problems, careful and careless, for the teacher's warm-up.</summary>
    public int Warmup { get; init; } = 4_000;

    /// <summary>Problems for the teacher's reinforcement learning.</summary>
    public int Rl { get; init; } = 2_000;

    /// <summary>Problems whose explanations the teachers write for the students.</summary>
    public int Distill { get; init; } = 2_500;

    /// <summary>Problems of the evaluation.</summary>
    public int HeldOut { get; init; } = 400;
}
