using System.Security.Cryptography;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Rlt.SmallWorld;

namespace Rlt.Tests.SmallWorld;

/// <summary>The files as a reader sees them: the arithmetic is recomputed here from the texts alone.</summary>
public sealed class WorldFilesTests : IClassFixture<WorldFilesTests.World>
{
    private static readonly string[] s_problemFiles = ["student.jsonl", "warmup.jsonl", "rl.jsonl", "distill.jsonl", "distill-careful.jsonl", "distill-bare.jsonl", "heldout.jsonl"];
    private static readonly string[] s_recipeFiles = ["transfer.jsonl", "transfer-heldout.jsonl"];

    private readonly World _world;

    public WorldFilesTests(World world) => _world = world;

    [Fact]
    public void Question_ToldInWords_LeadsToItsSolutionAndAnswer()
    {
        foreach (JsonObject row in s_problemFiles.Concat(s_recipeFiles).SelectMany(_world.Rows))
        {
            int[] results = [.. Results((string)row["question"]!)];
            string solution = Regex.Match((string)row["solution"]!, @"^(?:(She|He) has|The number is) (.*)\. \\boxed\{(\d+)\}$").Groups[2].Value;
            Assert.Equal(string.Join(", then ", results), solution);
            Assert.EndsWith($"\\boxed{{{results[^1]}}}", (string)row["solution"]!, StringComparison.Ordinal);
            Assert.Equal($"{results[^1]}", (string)row["answer"]!);
        }
    }

    [Fact]
    public void Explanation_EveryStepItWrites_IsRight()
    {
        int steps = 0;
        foreach (JsonObject row in _world.Rows("student.jsonl").Concat(_world.Rows("warmup.jsonl")).Concat(_world.Rows("distill-careful.jsonl")))
        {
            steps += CheckSteps((string)row["explanation"]!);
        }

        Assert.True(steps > 1000, $"only {steps} steps found");
    }

    [Fact]
    public void Pretrain_EveryStepItWrites_IsRight()
    {
        int steps = _world.Rows("pretrain.jsonl").SelectMany(Texts).Sum(CheckSteps);
        Assert.True(steps > 1000, $"only {steps} steps found");
    }

    [Fact]
    public void Pretrain_NeverWorksOutAWholeProblem()
    {
        foreach (JsonObject row in _world.Rows("pretrain.jsonl").Where(r => r.ContainsKey("messages")))
        {
            string[] texts = [.. Texts(row)];
            bool isProblem = texts[0].EndsWith("are there?", StringComparison.Ordinal) || texts[0].EndsWith("the number is?", StringComparison.Ordinal);
            Assert.True(!isProblem || CheckSteps(texts[1]) == 0 || Results(texts[0]).Count() == 1, texts[1]);
        }
    }

    [Fact]
    public void Heldout_SharesNoProblemWithTraining_EvenInOtherWords()
    {
        var training = s_problemFiles[..^1].SelectMany(_world.Rows).Select(r => Essence((string)r["question"]!)).ToHashSet();
        Assert.All(_world.Rows("heldout.jsonl"), r => Assert.DoesNotContain(Essence((string)r["question"]!), training));
    }

    [Fact]
    public void Transfer_Recipes_AreInNoStoryFile_AndHeldOutOnesInNoOther()
    {
        HashSet<string> stories = [.. s_problemFiles.SelectMany(_world.Rows).Select(row => (string)row["question"]!)];
        HashSet<string> training = [.. s_problemFiles[..^1].Append("transfer.jsonl").SelectMany(_world.Rows).Select(row => Essence((string)row["question"]!))];
        Assert.All(s_recipeFiles.SelectMany(_world.Rows), row => Assert.DoesNotContain((string)row["question"]!, stories));
        Assert.All(_world.Rows("transfer-heldout.jsonl"), row => Assert.DoesNotContain(Essence((string)row["question"]!), training));
    }

    [Fact]
    public void DistillCarefulAndBare_AreTheQuestionsOfDistill()
    {
        string[] questions = [.. _world.Rows("distill.jsonl").Select(row => (string)row["question"]!)];
        Assert.Equal(questions, _world.Rows("distill-careful.jsonl").Select(row => (string)row["question"]!));
        Assert.Equal(questions, _world.Rows("distill-bare.jsonl").Select(row => (string)row["question"]!));
        Assert.Equal(1, CarefulShare("distill-careful.jsonl"));
        Assert.All(_world.Rows("distill-bare.jsonl"), row => Assert.Equal("", (string)row["explanation"]!));
    }

    [Fact]
    public void Warmup_MixesCarefulAndCareless_StudentIsNearlyAlwaysCareful()
    {
        Assert.InRange(CarefulShare("warmup.jsonl"), 0.08, 0.30);
        Assert.InRange(CarefulShare("student.jsonl"), 0.92, 0.99);
    }

    [Fact]
    public void Write_SameSeed_SameFiles_AndAnotherSeedOthers()
    {
        using var again = new World();
        foreach (string path in Directory.EnumerateFiles(_world.Folder, "*", SearchOption.AllDirectories))
        {
            string name = Path.GetRelativePath(_world.Folder, path);
            Assert.Equal(Hash(path), Hash(Path.Combine(again.Folder, name)));
        }

        string other = Directory.CreateTempSubdirectory("rlt-world").FullName;
        WorldFiles.Write(other, seed: 8, World.Sizes);
        Assert.NotEqual(Hash(Path.Combine(_world.Folder, "rl.jsonl")), Hash(Path.Combine(other, "rl.jsonl")));
        Assert.Equal(Hash(Path.Combine(_world.Folder, "model", "tokenizer.json")), Hash(Path.Combine(other, "model", "tokenizer.json")));
        Directory.Delete(other, recursive: true);
    }

    [Fact]
    public void Write_OtherSizeOfOneFile_LeavesTheOthers()
    {
        string other = Directory.CreateTempSubdirectory("rlt-world").FullName;
        WorldFiles.Write(other, World.Seed, World.Sizes with { Warmup = 10 });
        Assert.Equal(10, File.ReadAllLines(Path.Combine(other, "warmup.jsonl")).Length);
        Assert.Equal(Hash(Path.Combine(_world.Folder, "heldout.jsonl")), Hash(Path.Combine(other, "heldout.jsonl")));
        Directory.Delete(other, recursive: true);
    }

    [Fact]
    public void Tokenizer_EveryPieceOfEveryText_IsOneToken()
    {
        JsonObject tokenizer = Golden.Json(Path.Combine(_world.Folder, "model", "tokenizer.json"));
        var vocabulary = tokenizer["model"]!["vocab"]!.AsObject().Select(p => p.Key.Replace('Ġ', ' ')).ToHashSet();
        string pattern = (string)tokenizer["pre_tokenizer"]!["pretokenizers"]![0]!["pattern"]!["Regex"]!;
        string[] texts = [.. s_problemFiles.Concat(s_recipeFiles).Append("pretrain.jsonl").SelectMany(_world.Rows).SelectMany(Texts)];
        foreach (string text in texts)
        {
            string[] pieces = [.. Regex.Matches(text, pattern).Select(m => m.Value)];
            Assert.Equal(text, string.Concat(pieces));
            Assert.All(pieces, piece => Assert.Contains(piece, vocabulary));
        }
    }

    [Fact]
    public void Tokenizer_NumbersAreBijective_AndConfigCountsThem()
    {
        JsonObject tokenizer = Golden.Json(Path.Combine(_world.Folder, "model", "tokenizer.json"));
        int[] ids = [.. tokenizer["model"]!["vocab"]!.AsObject().Select(p => (int)p.Value!)];
        int[] added = [.. tokenizer["added_tokens"]!.AsArray().Select(t => (int)t!["id"]!)];
        Assert.Equal(Enumerable.Range(0, ids.Length + added.Length), ids.Concat(added));
        JsonObject config = Golden.Json(Path.Combine(_world.Folder, "model", "config.json"));
        Assert.Equal(ids.Length + added.Length, (int)config["vocab_size"]!);
    }

    private static IEnumerable<string> Texts(JsonObject row) => row.ContainsKey("messages")
        ? row["messages"]!.AsArray().Select(m => (string)m!["content"]!)
        : row.Select(field => (string)field.Value!);

    private double CarefulShare(string file) => _world.Rows(file).Average(row =>
    {
        int sentences = Results((string)row["question"]!).Count();
        string explanation = (string)row["explanation"]!;
        return !explanation.StartsWith("The", StringComparison.Ordinal) && CheckSteps(explanation) == 2 * sentences ? 1.0 : 0.0;
    });

    /// <summary>The number after every sentence of a question.</summary>
    private static IEnumerable<int> Results(string question)
    {
        int value = int.Parse(Regex.Match(question, @" (?:has|number is) (\d+)\b").Groups[1].Value);
        foreach (string sentence in question.Split(". ")[1..^1])
        {
            foreach (string half in sentence.Split(" and "))
            {
                value = Happen(half, value);
            }

            yield return value;
        }
    }

    private static int Happen(string text, int value)
    {
        Match amount = Regex.Match(text, @"(buys|finds|gets|loses|sells|gives|plus|minus) (\d+)");
        int sign = amount.Groups[1].Value is "buys" or "finds" or "gets" or "plus" ? 1 : -1;
        return amount.Success ? value + sign * int.Parse(amount.Groups[2].Value)
            : text.Contains("half", StringComparison.Ordinal) ? value / 2
            : text.Contains("as many again", StringComparison.Ordinal) || text.Contains("double", StringComparison.Ordinal) ? value * 2
            : text.Contains("three times", StringComparison.Ordinal) || text.Contains("triple", StringComparison.Ordinal) ? value * 3
            : throw new InvalidOperationException(text);
    }

    /// <summary>A question without names, things and wording.</summary>
    private static string Essence(string question)
    {
        string start = Regex.Match(question, @" (?:has|number is) (\d+)\b").Groups[1].Value;
        IEnumerable<string> effects = question.Split(". ")[1..^1]
            .SelectMany(sentence => sentence.Split(" and "))
            .Select(half => $"{Happen(half, 100) - 100}");
        return $"{start}|{string.Join('|', effects)}";
    }

    private static int CheckSteps(string text)
    {
        int found = 0;
        foreach (Match m in Regex.Matches(text, @"(?:(double|triple|half of) )?(\d+)(?: (\+|-|\*|/|plus|minus|and|less) (\d+))?(?: (doubled|tripled|halved))? (?:is|=|makes) (\d+)"))
        {
            int value = int.Parse(m.Groups[2].Value);
            int amount = m.Groups[4].Success ? int.Parse(m.Groups[4].Value) : 0;
            int expected = (m.Groups[1].Value + m.Groups[3].Value + m.Groups[5].Value) switch
            {
                "double" or "doubled" => value * 2,
                "triple" or "tripled" => value * 3,
                "half of" or "halved" => value / 2,
                "*" => value * amount,
                "/" => value / amount,
                "+" or "plus" or "and" => value + amount,
                "-" or "minus" or "less" => value - amount,
                string other => throw new InvalidOperationException($"{other}: {m.Value}"),
            };
            Assert.True(expected == int.Parse(m.Groups[6].Value), text);
            found++;
        }

        return found;
    }

    private static string Hash(string path) => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)));

    public sealed class World : IDisposable
    {
        public const int Seed = 7;

        public static readonly WorldSizes Sizes = new() { Pretrain = 2000, Student = 800, Warmup = 800, Rl = 300, Distill = 300, HeldOut = 200 };

        public World() => WorldFiles.Write(Folder, Seed, Sizes);

        public string Folder { get; } = Directory.CreateTempSubdirectory("rlt-world").FullName;

        public IEnumerable<JsonObject> Rows(string file) =>
            File.ReadLines(Path.Combine(Folder, file)).Select(line => JsonNode.Parse(line)!.AsObject());

        public void Dispose() => Directory.Delete(Folder, recursive: true);
    }
}
