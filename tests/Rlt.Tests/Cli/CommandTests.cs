using System.Diagnostics;
using System.Text.Json.Nodes;
using Rlt.Cli;

namespace Rlt.Tests.Cli;

/// <summary>Every command end to end: exit code, files, fields.</summary>
public sealed class CommandTests : IDisposable
{
    // One model in the same type; only the batches that its float32 sums run in may differ.
    private const double SameBatchRounding = 1e-5;

    private readonly CommandLine _rlt = new();

    public void Dispose() => _rlt.Dispose();

    [Fact]
    public void Help_ListsEveryCommand()
    {
        CommandResult result = _rlt.Run("--help");
        Assert.Equal(0, result.Exit);
        Assert.All(
            new[]
            {
                "warmup", "train-teacher", "collect", "score", "rank", "distill", "train-solver", "eval", "grade", "results", "report", "tokenize", "logprobs", "generate", "merge", "plan", "bench",
                "doctor", "world", "init",
            },
            command => Assert.Contains($"  {command} ", result.Output, StringComparison.Ordinal));
    }

    [Fact]
    public void Tokenize_TextsAndConversations_AddsIds()
    {
        _rlt.Write("in.jsonl", """
            {"text": "hello", "id": "a"}
            {"messages": [{"role": "user", "content": "hi"}], "add_generation_prompt": true}
            {"messages": [{"role": "user", "content": "hi"}]}

            """);
        Assert.Equal((0, ""), ExitAndErrors(_rlt.Run("tokenize", "--model", "@model", "--input", "@in.jsonl", "--output", "@out.jsonl")));
        JsonObject[] rows = _rlt.Rows("out.jsonl");
        Assert.Equal("a", rows[0]["id"]!.GetValue<string>());
        Assert.Equal("<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n", rows[1]["text"]!.GetValue<string>());
        Assert.Equal("<|im_start|>user\nhi<|im_end|>\n", rows[2]["text"]!.GetValue<string>());
        Assert.Equal(1021, Ids(rows[1])[0]);
        var tokenizer = Rlt.Text.Tokenization.Tokenizer.Load(_rlt["model"]);
        Assert.Equal(["hello", rows[1]["text"]!.GetValue<string>()], rows[..2].Select(row => tokenizer.Decode(Ids(row))));
    }

    [Fact]
    public void LogProbs_IdsAndText_AddsOneLessThanTokens()
    {
        _rlt.Write("in.jsonl", """
            {"ids": [1, 2, 3, 4], "id": "a"}
            {"text": "hello there"}
            {"ids": [7]}

            """);
        Assert.Equal(0, _rlt.Run("logprobs", "--model", "@model", "--input", "@in.jsonl", "--output", "@one.jsonl").Exit);
        Assert.Equal(0, _rlt.Run("logprobs", "--model", "@model", "--input", "@in.jsonl", "--output", "@hot.jsonl", "--temperature", "1000", "--token-budget", "1").Exit);
        JsonObject[] rows = _rlt.Rows("one.jsonl");
        Assert.Equal("a", rows[0]["id"]!.GetValue<string>());
        Assert.Equal(3, LogProbs(rows[0]).Length);
        Assert.NotEmpty(LogProbs(rows[1]));
        Assert.Empty(LogProbs(rows[2]));
        Assert.All(LogProbs(rows[0]), value => Assert.True(value < 0));
        Assert.All(_rlt.Rows("hot.jsonl").SelectMany(LogProbs), value => Assert.Equal(-Math.Log(1024), value, 0.05));
    }

    [Fact]
    public void Generate_PromptsIdsAndConversations_AddsSamples()
    {
        _rlt.Write("in.jsonl", """
            {"ids": [1, 2, 3], "id": "a"}
            {"prompt": "hello"}
            {"messages": [{"role": "user", "content": "hi"}]}

            """);
        string[] common = ["generate", "--model", "@model", "--input", "@in.jsonl", "--max-new-tokens", "6", "--threads", "1"];
        Assert.Equal(0, _rlt.Run([.. common, "--output", "@one.jsonl", "--seed", "5"]).Exit);
        Assert.Equal(0, _rlt.Run([.. common, "--output", "@same.jsonl", "--seed", "5", "--max-batch", "1"]).Exit);
        Assert.Equal(0, _rlt.Run([.. common, "--output", "@other.jsonl", "--seed", "6"]).Exit);
        Assert.Equal(0, _rlt.Run([.. common, "--output", "@many.jsonl", "--n", "3"]).Exit);
        Assert.Equal(_rlt.Rows("one.jsonl").Select(Ids), _rlt.Rows("same.jsonl").Select(Ids));
        Assert.NotEqual(_rlt.Rows("one.jsonl").Select(Ids), _rlt.Rows("other.jsonl").Select(Ids));
        Assert.All(_rlt.Rows("one.jsonl"), AssertSample);
        Assert.Equal("a", _rlt.Rows("one.jsonl")[0]["id"]!.GetValue<string>());
        Assert.All(_rlt.Rows("many.jsonl"), row =>
        {
            Assert.Equal(3, row["samples"]!.AsArray().Count);
            Assert.All(row["samples"]!.AsArray(), sample => AssertSample(sample!.AsObject()));
        });
    }

    [Fact]
    public void LogProbsGenerateTokenize_CsvAndJson_AreReadAsByTheOtherCommands()
    {
        _rlt.Write("in.csv", "id,text\na,hello there\n");
        _rlt.Write("in.json", "[{\"id\": \"a\", \"text\": \"hello there\"}]");
        foreach (string command in new[] { "tokenize", "logprobs", "generate" })
        {
            string[] common = [command, "--model", "@model", .. command == "generate" ? new[] { "--max-new-tokens", "3" } : []];
            AssertDone(_rlt.Run([.. common, "--input", "@in.csv", "--output", "@csv.jsonl"]));
            AssertDone(_rlt.Run([.. common, "--input", "@in.json", "--output", "@json.jsonl"]));
            Assert.Equal(File.ReadAllText(_rlt["json.jsonl"]), File.ReadAllText(_rlt["csv.jsonl"]));
        }
    }

    [Fact]
    public void Generate_GreedyWithStop_EndsAtTheText()
    {
        _rlt.Write("in.jsonl", "{\"prompt\": \"hello\"}\n");
        string[] common = ["generate", "--model", "@model", "--input", "@in.jsonl", "--max-new-tokens", "20", "--temperature", "0", "--ignore-eos"];
        Assert.Equal(0, _rlt.Run([.. common, "--output", "@free.jsonl"]).Exit);
        JsonObject free = _rlt.Rows("free.jsonl")[0];
        string stop = Rlt.Text.Tokenization.Tokenizer.Load(_rlt["model"]).Decode([Ids(free)[4]]);
        Assert.Equal(0, _rlt.Run([.. common, "--output", "@stopped.jsonl", "--stop", "never there", "--stop", stop]).Exit);
        JsonObject stopped = _rlt.Rows("stopped.jsonl")[0];
        Assert.Equal(("length", "stop"), (free["finish_reason"]!.GetValue<string>(), stopped["finish_reason"]!.GetValue<string>()));
        Assert.Equal(Ids(free)[..Ids(stopped).Length], Ids(stopped));
        Assert.InRange(Ids(stopped).Length, 1, 5);
    }

    [Fact]
    public void Grade_Rows_AddsVerdictAndExtractedAnswerInOrder()
    {
        _rlt.Write("in.jsonl", """
            {"id": 1, "answer": "1/2", "response": "so $\\boxed{0.5}$"}
            {"answer": 7, "response": "The answer is 8.", "correct": null}
            {"answer": "7", "response": "so 3 + 4 = 7 and", "finish_reason": "length"}
            {"answer": "1/3", "response": "\\boxed{0.33}", "precision": 2}
            {"answer": "f(x)", "response": "\\boxed{f(y)}", "strict": false}
            {"answer": "[0,1]", "response": "\\boxed{0 \\le x \\le 1}", "allow_set_relation_comp": true}

            """);
        CommandResult result = _rlt.Run("grade", "--input", "@in.jsonl", "--output", "@out.jsonl");
        Assert.Equal((0, "6 graded, 66.67 % correct, 16.67 % without an answer\n"), (result.Exit, result.Output));
        JsonObject[] rows = _rlt.Rows("out.jsonl");
        Assert.Equal([true, false, false, true, true, true], rows.Select(row => row["correct"]!.GetValue<bool>()));
        Assert.Equal(["0.5", "8", null, "0.33", "f(y)", "0 \\le x \\le 1"], rows.Select(row => row["extracted"]?.GetValue<string>()));
        Assert.Equal((1, 7), (rows[0]["id"]!.GetValue<int>(), rows[1]["answer"]!.GetValue<int>()));
        Assert.True(rows[2].ContainsKey("extracted"));
    }

    [Fact]
    public void Grade_OptionsAndCsv_AreRead()
    {
        _rlt.Write("in.csv", "answer,response,precision\n1/3,0.33,\n1/3,0.33,6\nx+1,y+1,\n\"[0,1]\",0<=x<=1,\n");
        CommandResult result = _rlt.Run("grade", "--input", "@in.csv", "--output", "@out.jsonl", "--precision", "2", "--no-strict", "--allow-set-relation-comp");
        Assert.Equal(0, result.Exit);
        Assert.Equal([true, false, true, true], _rlt.Rows("out.jsonl").Select(row => row["correct"]!.GetValue<bool>()));
    }

    [Fact]
    public void Score_Rows_AddsTheRewardAndItsParts()
    {
        _rlt.Write("in.jsonl", """
            {"question": "2 + 3?", "solution": "5", "completion": "add them</e>", "id": 1}
            {"question": "2 + 3?", "solution": "5", "completion": "add them"}
            {"question": "2 + 3?", "solution": "", "completion": "x</e>"}
            {"question": "2 + 3?", "completion": "x</e>"}

            """);
        CommandResult result = _rlt.Run("score", "--teacher", "@model", "--student", "@student", "--input", "@in.jsonl", "--output", "@out.jsonl", "--format", "@format.yaml", "--details");
        Assert.Equal((0, "2 of 4 rows could not be scored; their 'error' says why"), (result.Exit, result.Message));
        Assert.StartsWith("2 of 4 rows scored; rewards in nats\n|                    |     mean |", result.Output, StringComparison.Ordinal);
        JsonObject[] rows = _rlt.Rows("out.jsonl");
        foreach (JsonObject row in rows[..2])
        {
            Assert.Equal(Number(row, "solution_mean") + (0.01 * Number(row, "solution_min")), Number(row, "solution_score"), 1e-9);
            Assert.Equal((3 * Number(row, "kl_mean")) + (0.03 * Number(row, "kl_max")), Number(row, "think_kl"), 1e-9);
            Assert.Equal(Number(row, "solution_score") - Number(row, "think_kl") + Number(row, "match"), Number(row, "reward"), 1e-9);
            JsonObject details = row["details"]!.AsObject();
            Assert.Equal(row["tokens"]!["explanation"]!.GetValue<int>(), details["teacher_logprobs"]!.AsArray().Count);
            Assert.Equal(row["tokens"]!["explanation"]!.GetValue<int>(), details["student_logprobs"]!.AsArray().Count);
            Assert.Equal(row["tokens"]!["solution"]!.GetValue<int>(), details["solution_logprobs"]!.AsArray().Count);
        }

        Assert.Equal((0.0, -1.0), (Number(rows[0], "match"), Number(rows[1], "match")));
        Assert.Equal("the solution is empty or has no token of its own between its tags; a reward needs at least one", rows[2]["error"]!.GetValue<string>());
        Assert.Equal($"{_rlt["in.jsonl"]}:4: 'solution' is missing; expected a text.", rows[3]["error"]!.GetValue<string>());
        Assert.Equal(1, rows[0]["id"]!.GetValue<int>());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Score_SamplesOfATrainingRun_HaveTheRewardsThatTheTrainerLogged(bool solutionTags)
    {
        // Plain texts that training pads or trims, prompts of the rows' own, and a penalty that reads the answer.
        string tags = TinyDirectory.FormatYaml.Replace("pad_plain_text: false", "pad_plain_text: true", StringComparison.Ordinal);
        _rlt.Write("padded.yaml", solutionTags ? tags : tags.Replace("\"<s>\"", "\"\"", StringComparison.Ordinal).Replace("\"</s>\"", "\"\"", StringComparison.Ordinal));
        _rlt.Write("rows.jsonl", """
            {"question": "2 + 3?", "solution": " 5 ", "answer": "5", "teacher_system": "teach", "system": "think"}
            {"question": "4 + 4?", "solution": "8", "answer": "8", "prompt": "explain 8: "}
            {"question": "1 + 6?", "solution": "7", "student_system": ""}

            """);
        _rlt.Write("reward.yaml", "penalties:\n  leaks_early: 0.5\n  repetition: 2\nmissing_tag_penalty: -3\n");
        _rlt.Write("run.yaml", "base: teacher.yaml\nsteps: 1\nquestions_per_step: 3\nsamples_kept: 6\nmax_new_tokens: 30\nreward:\n  penalties:\n    leaks_early: 0.5\n    repetition: 2\n  missing_tag_penalty: -3\n");
        AssertDone(_rlt.Run("train-teacher", "--config", "@run.yaml", "--data", "@rows.jsonl", "--set", $"format={_rlt["padded.yaml"]}"));
        AssertDone(_rlt.Run(
            "score", "--teacher", "@model", "--student", "@student", "--input", "@run/samples.jsonl", "--output", "@scored.jsonl", "--format", "@padded.yaml", "--config", "@reward.yaml"));
        JsonObject[] logged = _rlt.Rows("run/samples.jsonl"), scored = _rlt.Rows("scored.jsonl");
        Assert.Equal(6, logged.Length);
        Assert.All(logged.Zip(scored), pair => Assert.All(new[] { "reward", "solution_score", "think_kl" }, key => Assert.Equal(Number(pair.First, key), Number(pair.Second, key), SameBatchRounding)));
    }

    [Fact]
    public void Score_Config_ChangesTheWeights()
    {
        _rlt.Write("in.jsonl", "{\"question\": \"2 + 3?\", \"solution\": \"5\", \"completion\": \"add them\"}\n");
        _rlt.Write("reward.yaml", "solution_score:\n  mean: 0\n  min: 0\nthink_kl:\n  mean: 0\n  max: 0\nmissing_tag_penalty: -5\n");
        Assert.Equal(0, _rlt.Run("score", "--teacher", "@model", "--student", "@student", "--input", "@in.jsonl", "--output", "@out.jsonl", "--format", "@format.yaml", "--config", "@reward.yaml").Exit);
        Assert.Equal(-5, Number(_rlt.Rows("out.jsonl")[0], "reward"), 1e-12);
        Assert.False(_rlt.Rows("out.jsonl")[0].ContainsKey("details"));
    }

    [Fact]
    public void Pipeline_WarmupTrainCollectDistillEvalResults_EachGivesWhatTheNextNeeds()
    {
        AssertDone(_rlt.Run("warmup", "--config", "@sft.yaml", "--out", "@warmup"));
        AssertModel("warmup/model");
        Assert.Equal(3, _rlt.Rows("warmup/metrics.jsonl").Length);
        AssertDone(_rlt.Run("train-teacher", "--config", "@teacher.yaml", "--model", "@warmup/model", "--out", "@teacher"));
        AssertModel("teacher/model");
        Assert.Equal(2, _rlt.Rows("teacher/metrics.jsonl").Length);
        Assert.NotEmpty(_rlt.Rows("teacher/samples.jsonl"));

        // A tag that tiny models write by chance, so that there are traces.
        _rlt.Write("easy.yaml", TinyDirectory.FormatYaml.Replace("</e>", "e", StringComparison.Ordinal));
        AssertDone(_rlt.Run(
            "collect", "--config", "@collect.yaml", "--model", "@teacher/model", "--student", "@student", "--out", "@traces",
            "--set", $"format={_rlt["easy.yaml"]}", "--set", "samples=12", "--set", "keep=best", "--set", "max_new_tokens=12"));
        JsonObject[] traces = _rlt.Rows("traces/traces.jsonl");
        Assert.Equal([1, 2, 3], traces.Select(trace => trace["id"]!.GetValue<int>()));
        Assert.All(traces, trace => Assert.True(trace.ContainsKey("explanation") && trace.ContainsKey("reward")));
        AssertDone(_rlt.Run("score", "--teacher", "@teacher/model", "--student", "@student", "--input", "@traces/traces.jsonl", "--output", "@scored.jsonl", "--format", "@easy.yaml"));
        Assert.All(traces.Zip(_rlt.Rows("scored.jsonl")), pair => Assert.Equal(Number(pair.First, "reward"), Number(pair.Second, "reward"), 1e-4));
        AssertDone(_rlt.Run("distill", "--config", "@sft.yaml", "--data", "@traces/traces.jsonl", "--model", "@student", "--out", "@distill", "--set", $"format={_rlt["easy.yaml"]}"));
        AssertModel("distill/model");
        CommandResult eval = _rlt.Run("eval", "--config", "@eval.yaml", "--model", "@distill/model", "--out", "@eval");
        Assert.Equal(0, eval.Exit);
        Assert.Equal(3, _rlt.Rows("eval/results.jsonl").Length);
        Assert.Equal(3, JsonNode.Parse(eval.Output)!["questions"]!.GetValue<int>());
        Assert.Equal(3, Golden.Json(_rlt["eval/summary.json"])["questions"]!.GetValue<int>());
        AssertDone(_rlt.Run("score", "--teacher", "@teacher/model", "--student", "@student", "--input", "@traces/traces.jsonl", "--output", "@details.jsonl", "--format", "@easy.yaml", "--details"));
        AssertDone(_rlt.Run("report", "@teacher", "@details.jsonl", "-o", "@report.html", "--watch"));
        string page = File.ReadAllText(_rlt["report.html"]);
        Assert.All(new[] { "\"name\":\"teacher\"", "\"name\":\"details.jsonl\"", "id=\"detail-0\"", "\"refresh_seconds\":0" }, part => Assert.Contains(part, page, StringComparison.Ordinal));
        CommandResult results = _rlt.Run("results", $"the teacher={_rlt["teacher"]}", "@eval", "--svg", "@results.svg");
        Assert.Equal(0, results.Exit);
        Assert.Contains("| the teacher, start | 1–2 |", results.Output, StringComparison.Ordinal);
        Assert.Contains("| eval | 0.0% (0.0 to 56.1) | 3 | 1 | 100.0%", results.Output, StringComparison.Ordinal);
        Assert.StartsWith("<svg", File.ReadAllText(_rlt["results.svg"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Rank_TracesOfAFollowedStudent_ByEachMeasureAndThenWeighted()
    {
        _rlt.Write("easy.yaml", TinyDirectory.FormatYaml.Replace("</e>", "e", StringComparison.Ordinal));
        string[] easy = ["--set", $"format={_rlt["easy.yaml"]}", "--set", "max_new_tokens=12"];
        CommandResult trained = _rlt.Run(
            ["train-teacher", "--config", "@teacher.yaml", "--out", "@teacher", "--set", "student_refresh={every: 1, steps: 2, batch_size: 4, learning_rate: 1e-3}", .. easy]);
        AssertDone(trained);
        Assert.Contains("student_refresh: 2 steps of distillation every 1 (paper: a frozen student)", trained.Errors, StringComparison.Ordinal);
        AssertModel("teacher/student");
        AssertDone(_rlt.Run(
            ["collect", "--config", "@collect.yaml", "--model", "@teacher/model", "--student", "@teacher/student", "--out", "@traces", "--set", "samples=12", "--set", "keep=all", .. easy]));
        AssertDone(_rlt.Run("score", "--teacher", "@teacher/model", "--student", "@teacher/student", "--input", "@traces/traces.jsonl", "--output", "@scored.jsonl", "--format", "@easy.yaml",
            "--surprise-window", "2"));
        Assert.All(_rlt.Rows("traces/traces.jsonl").Zip(_rlt.Rows("scored.jsonl")), pair => Assert.Equal(Number(pair.First, "likelihood"), Number(pair.Second, "likelihood"), 1e-4));
        foreach ((string by, double sign) in new[] { ("reward", 1.0), ("likelihood", 1), ("surprise", -1), ("length", -1) })
        {
            CommandResult ranked = _rlt.Run("rank", "--input", "@scored.jsonl", "--by", by, "--out", $"@ranks/{by}");
            Assert.Equal(0, ranked.Exit);
            string field = by == "length" ? "explanation_tokens" : by;
            Assert.StartsWith($"rank 1: 3 traces, mean {field} ", ranked.Output, StringComparison.Ordinal);
            foreach (JsonObject best in _rlt.Rows($"ranks/{by}/rank-1.jsonl"))
            {
                double[] all = [.. _rlt.Rows("scored.jsonl").Where(row => (int)row["id"]! == (int)best["id"]!).Select(row => Number(row, field))];
                Assert.Equal(all.Max(value => sign * value), sign * Number(best, field));
            }
        }

        AssertDone(_rlt.Run(["distill", "--config", "@sft.yaml", "--data", "@traces/traces.jsonl", "--out", "@weighted", "--set", "weights=reward", .. easy[..2]]));
        AssertDone(_rlt.Run(["distill", "--config", "@sft.yaml", "--data", "@traces/traces.jsonl", "--out", "@plain", .. easy[..2]]));
        Assert.NotEqual(File.ReadAllBytes(_rlt["plain/model/model.safetensors"]), File.ReadAllBytes(_rlt["weighted/model/model.safetensors"]));
    }

    [Fact]
    public void RunFolder_AfterARun_HoldsTheResolvedConfigAndALog()
    {
        AssertDone(_rlt.Run("warmup", "--config", "@sft.yaml", "--seed", "7", "--set", "optimizer.schedule=cosine"));
        string config = File.ReadAllText(_rlt["run/config.yaml"]);
        Assert.Contains("seed: 7\n", config, StringComparison.Ordinal);
        Assert.Contains("schedule: cosine\n", config, StringComparison.Ordinal);
        Assert.Contains("target: teacher\n", config, StringComparison.Ordinal);
        Assert.Contains("beta2: 0.999\n", config, StringComparison.Ordinal);
        Assert.Contains("step 3/3", File.ReadAllText(_rlt["run/log.txt"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Warmup_BFloat16_SavesBFloat16()
    {
        AssertDone(_rlt.Run("warmup", "--config", "@sft.yaml", "--dtype", "bf16"));
        using var files = Rlt.Models.Safetensors.WeightFiles.Open(_rlt["run/model"]);
        Assert.All(files.Entries.Values, pair => Assert.Equal(Rlt.Models.Safetensors.StoredType.BF16, pair.Entry.Type));
    }

    [Fact]
    public void Warmup_LongRows_AreCutAndSaid()
    {
        CommandResult result = _rlt.Run("warmup", "--config", "@sft.yaml", "--set", "cutoff=30", "--set", "target=text", "--data", "@texts.jsonl");
        Assert.Equal(2, result.Exit);
        _rlt.Write("texts.jsonl", "{\"text\": \"" + new string('x', 300) + "\"}\n{\"text\": \"short\"}\n");
        result = _rlt.Run("warmup", "--config", "@sft.yaml", "--set", "cutoff=30", "--set", "target=text", "--data", "@texts.jsonl");
        Assert.Equal(0, result.Exit);
        Assert.Contains("warning: 1 of 2 rows are longer than 30 tokens and were cut", result.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sft.yaml", "warmup")]
    [InlineData("sft.yaml", "distill")]
    [InlineData("teacher.yaml", "train-teacher")]
    [InlineData("collect.yaml", "collect")]
    [InlineData("eval.yaml", "eval")]
    public void RunCommand_OneBadRowOfAnAllowedShare_WarnsAndGoesOn(string config, string command)
    {
        _rlt.Write("rows.csv", "q,sol,why,a\n2 + 3?,5,\"add,\n them\",5\n4 + 4?,8,twice four,8\n,7,count up,\n1 + 6?,7,count up,7\n");
        _rlt.Write("mapped.yaml", $"base: {config}\nfields:\n  question: q\n  solution: sol\n  explanation: why\n  answer: a\nmax_bad_rows: 0.25\n");
        CommandResult result = _rlt.Run(command, "--config", "@mapped.yaml", "--data", "@rows.csv");
        Assert.True(result.Exit == 0, result.Errors);
        string warning = $"{_rlt["rows.csv"]}: 1 of 4 rows cannot be used and are left out (max_bad_rows allows 0.25 of all):\n  {_rlt["rows.csv"]}:5: 'q' is missing; expected a text.\n";
        Assert.Contains("warning: " + warning, result.Errors, StringComparison.Ordinal);
        Assert.Contains(warning, File.ReadAllText(_rlt["run/log.txt"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Init_ConfigAndTokenizer_BecomeAModel()
    {
        TinyDirectory.WriteTokenizer(_rlt["seedling"]);
        File.WriteAllText(Path.Combine(_rlt["seedling"], "config.json"), TinyDirectory.ConfigJson(128));
        CommandResult result = _rlt.Run("init", "--from", "@seedling", "--out", "@new", "--seed", "3");
        Assert.Equal(0, result.Exit);
        Assert.StartsWith("init: ", result.Errors, StringComparison.Ordinal);
        AssertModel("new");
        CommandResult again = _rlt.Run("init", "--from", "@seedling", "--out", "@new");
        Assert.Equal((2, $"{_rlt["new"]} already holds a model. Choose another --out: nothing in it is overwritten."), (again.Exit, again.Message));
    }

    [Fact]
    public void World_Seed_WritesDataTokenizerAndConfig()
    {
        Assert.Equal((0, ""), ExitAndErrors(_rlt.Run("world", "--out", "@world", "--seed", "2")));
        Assert.NotEmpty(_rlt.Rows("world/rl.jsonl"));
        Assert.Equal(0, _rlt.Run("init", "--from", "@world/model", "--out", "@base").Exit);
        _rlt.Write("in.jsonl", "{\"messages\": [{\"role\": \"user\", \"content\": \"Tom has 5 pens.\"}]}\n");
        Assert.Equal(0, _rlt.Run("generate", "--model", "@base", "--input", "@in.jsonl", "--output", "@out.jsonl", "--max-new-tokens", "2", "--threads", "1").Exit);
    }

    [Fact]
    public void Doctor_ThisMachine_NumbersAreRight()
    {
        CommandResult result = _rlt.Run("doctor");
        Assert.Equal(0, result.Exit);
        Assert.Contains("cpu Float32: log-probabilities differ from float64 by", result.Output, StringComparison.Ordinal);
        Assert.Contains("cpu BFloat16: log-probabilities differ from float64 by", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Bench_SmallModel_ReportsEveryPartAndRefusesBadInput()
    {
        CommandResult result = _rlt.Run(
            "bench", "--model", "@model", "--dtype", "fp32", "--rows", "2", "--batch", "2", "--tokens", "16", "--prompt", "8", "--new", "4", "--questions", "2", "--group", "2", "--reps", "1");
        Assert.Equal(0, result.Exit);
        JsonObject report = JsonNode.Parse(result.Output)!.AsObject();
        Assert.All(new[] { "prefill", "score", "sft_step", "grpo_step" }, part => Assert.True(report[part]!["tokens_per_second"]!.GetValue<double>() > 0, part));
        Assert.True(report["decode"]!["2"]!["tokens_per_second"]!.GetValue<double>() > 0);
        Assert.True(report["peak_memory_mib"]!.GetValue<long>() > 0);
        Assert.Equal(2, _rlt.Run("bench").Exit);
        Assert.Equal(2, _rlt.Run("bench", "--shape", "9000b").Exit);
        Assert.Equal(2, _rlt.Run("bench", "--shape", "30m", "--parts", "sleep").Exit);
    }

    [Fact]
    public async Task Warmup_Terminated_ExitsWith130AndTheSameCommandGoesOn()
    {
        string[] arguments = ["warmup", "--config", _rlt["sft.yaml"], "--set", "steps=400"];
        using Process process = Process.Start(new ProcessStartInfo("dotnet", [typeof(Program).Assembly.Location, .. arguments]) { RedirectStandardError = true })!;
        var errors = new List<string>();
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            errors.Add(line);
            if (line.StartsWith("step 1/400", StringComparison.Ordinal))
            {
                using Process kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
                await kill.WaitForExitAsync();
            }
        }

        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 130, $"exit {process.ExitCode}: {string.Join('\n', errors)}");
        Assert.Equal(["rlt: stopped; go on with:", $"  {Environment.ProcessPath} {typeof(Program).Assembly.Location} {string.Join(' ', arguments)}"], errors[^2..]);
        string checkpoint = Path.GetFileName(Assert.Single(Directory.GetDirectories(_rlt["run/checkpoints"])));
        int done = int.Parse(checkpoint["step-".Length..], System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(done, _rlt.Rows("run/metrics.jsonl").Length);
        CommandResult resumed = _rlt.Run(arguments);
        Assert.Equal(0, resumed.Exit);
        Assert.Contains($"warmup: going on after step {done} of 400", resumed.Errors, StringComparison.Ordinal);
        Assert.Equal(Enumerable.Range(1, 400), _rlt.Rows("run/metrics.jsonl").Select(row => row["step"]!.GetValue<int>()));
        AssertModel("run/model");
    }

    private static (int Exit, string Errors) ExitAndErrors(CommandResult result) => (result.Exit, result.Errors);

    private static void AssertDone(CommandResult result) => Assert.True(result.Exit == 0, result.Errors);

    private static void AssertSample(JsonObject sample)
    {
        Assert.InRange(Ids(sample).Length, 1, 6);
        Assert.Equal(Ids(sample).Length, LogProbs(sample).Length);
        Assert.Contains(sample["finish_reason"]!.GetValue<string>(), new[] { "stop", "length" });
        Assert.NotNull(sample["text"]);
    }

    private static int[] Ids(JsonObject row) => [.. row["ids"]!.AsArray().Select(id => id!.GetValue<int>())];

    private static double[] LogProbs(JsonObject row) => [.. row["logprobs"]!.AsArray().Select(value => value!.GetValue<double>())];

    private static double Number(JsonObject row, string key) => row[key]!.GetValue<double>();

    private void AssertModel(string directory)
    {
        Assert.All(new[] { "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json" }, file => Assert.True(File.Exists(Path.Combine(_rlt[directory], file)), file));
        using Rlt.Models.LanguageModel model = Rlt.Models.LanguageModel.Load(_rlt[directory], TinyDirectory.Device);
        Assert.NotNull(model.Template);
    }
}
