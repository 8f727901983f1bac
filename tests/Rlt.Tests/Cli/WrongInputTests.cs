using Rlt.Tests.Files;

namespace Rlt.Tests.Cli;

/// <summary>One test a message: what is wrong, where, and exit code 2; nothing is written.</summary>
public sealed class WrongInputTests : IDisposable
{
    private readonly CommandLine _rlt = new();

    public void Dispose() => _rlt.Dispose();

    [Fact]
    public void Main_UnknownCommand_NamesIt()
    {
        CommandResult result = _rlt.Run("trian");
        Assert.Equal(2, result.Exit);
        Assert.Contains("trian", result.Errors, StringComparison.Ordinal);
        Assert.EndsWith("See: rlt --help\n", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Main_MissingOption_NamesItAndTheHelp()
    {
        CommandResult result = _rlt.Run("logprobs", "--model", "@model", "--input", "@data.jsonl");
        Assert.Equal(2, result.Exit);
        Assert.Contains("--output", result.Errors, StringComparison.Ordinal);
        Assert.EndsWith("See: rlt logprobs --help\n", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void LogProbs_MissingModelDirectory_SaysWhatIsExpected()
    {
        string message = Refused("logprobs", "--model", "@absent", "--input", "@data.jsonl", "--output", "@out.jsonl");
        Assert.StartsWith($"{_rlt["absent/config.json"]}: cannot be read: ", message, StringComparison.Ordinal);
        Assert.EndsWith("Expected a model's directory with config.json.", message, StringComparison.Ordinal);
    }

    [Fact]
    public void LogProbs_MissingInput_NamesTheFile() =>
        Assert.StartsWith($"{_rlt["absent.jsonl"]}: cannot be read: ", Refused("logprobs", "--model", "@model", "--input", "@absent.jsonl", "--output", "@out.jsonl"), StringComparison.Ordinal);

    [Theory]
    [InlineData("{\"x\": 1}", "none of 'ids', 'text', 'prompt' and 'messages' is there.")]
    [InlineData("{\"ids\": [1, 5000]}", "ids[1] is 5000; expected 0 to 1023 (the model's vocab_size is 1024).")]
    [InlineData("{\"ids\": [1, -1]}", "'ids' holds -1 at place 1; expected a token id, a whole number of at least 0.")]
    [InlineData("{\"ids\": [1, 2.5]}", "'ids' holds 2.5 at place 1; expected a token id, a whole number of at least 0.")]
    [InlineData("{\"ids\": \"1 2\"}", "'ids' is \"1 2\"; expected a list of token ids.")]
    [InlineData("{\"ids\": []}", "no tokens; expected at least one.")]
    [InlineData("{\"text\": 5}", "'text' is 5; expected a text.")]
    [InlineData("{\"messages\": \"hi\"}", "'messages' is not a list; expected [{\"role\", \"content\"}, …].")]
    [InlineData("[1, 2]", "the line is a JSON array; expected one JSON object a line.")]
    public void LogProbs_UnusableRow_SaysFileLineAndWhat(string line, string message)
    {
        _rlt.Write("in.jsonl", "{\"ids\": [1, 2]}\n" + line + "\n");
        Assert.Equal($"{_rlt["in.jsonl"]}:2: {message}", Refused("logprobs", "--model", "@model", "--input", "@in.jsonl", "--output", "@out.jsonl"));
        Assert.False(File.Exists(_rlt["out.jsonl"]));
    }

    [Fact]
    public void LogProbs_RowLongerThanTheContext_SaysBoth()
    {
        _rlt.Write("in.jsonl", $"{{\"ids\": [{string.Join(',', Enumerable.Repeat("1", 257))}]}}\n");
        Assert.Equal($"{_rlt["in.jsonl"]}:1: 257 tokens; the model's max_position_embeddings is 256.", Refused("logprobs", "--model", "@model", "--input", "@in.jsonl", "--output", "@out.jsonl"));
    }

    [Fact]
    public void Generate_PromptFillsTheContext_SaysFileAndLine()
    {
        _rlt.Write("in.jsonl", $"{{\"ids\": [1]}}\n{{\"ids\": [{string.Join(',', Enumerable.Repeat("1", 256))}]}}\n");
        Assert.Equal(
            $"{_rlt["in.jsonl"]}:2: 256 tokens leave no room to continue; the model's max_position_embeddings is 256.",
            Refused("generate", "--model", "@model", "--input", "@in.jsonl", "--output", "@out.jsonl"));
    }

    [Theory]
    [InlineData("--temperature", "-1")]
    [InlineData("--top-p", "0")]
    [InlineData("--top-p", "1.5")]
    [InlineData("--top-k", "-1")]
    [InlineData("--max-new-tokens", "0")]
    [InlineData("--max-batch", "0")]
    [InlineData("--n", "0")]
    public void Generate_OptionOutOfRange_SaysWhatIsExpected(string option, string value)
    {
        string message = Refused("generate", "--model", "@model", "--input", "@data.jsonl", "--output", "@out.jsonl", option, value);
        Assert.Contains($" {option} {value} ", $" {message}".Replace(':', ' '), StringComparison.Ordinal);
        Assert.EndsWith("expected a temperature of 0 or more, top-p above 0 up to 1, top-k of 0 or more, and at least 1 of the others", message, StringComparison.Ordinal);
    }

    [Fact]
    public void LogProbs_TemperatureZero_IsRefused() =>
        Assert.Equal("--temperature is 0; expected more than 0", Refused("logprobs", "--model", "@model", "--input", "@data.jsonl", "--output", "@out.jsonl", "--temperature", "0"));

    [Theory]
    [InlineData("tpu", "device 'tpu' is not known; expected cpu, cuda or cuda:N")]
    [InlineData("cuda:x", "device 'cuda:x' is not known; expected cpu, cuda or cuda:N")]
    [InlineData("cuda:0,1", "device 'cuda:0,1' names several devices; a rank uses one. Give cpu, cuda or cuda:N, such as cuda:0, or cuda with rlt launch")]
    [InlineData("meta", "device 'meta' is not known; expected cpu, cuda or cuda:N")]
    public void AnyModelCommand_UnknownDevice_IsRefused(string device, string message)
    {
        Assert.StartsWith(message, Refused("logprobs", "--model", "@model", "--input", "@data.jsonl", "--output", "@out.jsonl", "--device", device), StringComparison.Ordinal);
        Assert.StartsWith(message, Refused("warmup", "--config", "@sft.yaml", "--device", device), StringComparison.Ordinal);
        Assert.False(Directory.Exists(_rlt["run"]));
    }

    [Fact]
    public void AnyModelCommand_CudaThatIsNotThere_SaysHowManyAre()
    {
        string message = Refused("logprobs", "--model", "@model", "--input", "@data.jsonl", "--output", "@out.jsonl", "--device", "cuda:99");
        Assert.StartsWith("device cuda:99: this libtorch (", message, StringComparison.Ordinal);
        Assert.EndsWith("CUDA devices. Use --device cpu, or build with CUDA: scripts/build.sh -p:Cuda=true", message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnyModelCommand_UnknownDtype_IsRefused() =>
        Assert.Equal("dtype is 'fp8'; expected fp32, bf16 or auto", Refused("logprobs", "--model", "@model", "--input", "@data.jsonl", "--output", "@out.jsonl", "--dtype", "fp8"));

    [Fact]
    public void Warmup_ConfigWithSeveralProblems_NamesAllWithTheirLines()
    {
        _rlt.Write("bad.yaml", $"model: {_rlt["model"]}\ndata: {_rlt["data.jsonl"]}\nstep: 5\nbatch_size: many\noptimizer:\n  learning_rat: 1e-3\n");
        string[] lines = Refused("warmup", "--config", "@bad.yaml").Split('\n');
        Assert.Equal(5, lines.Length);
        string file = _rlt["bad.yaml"];
        Assert.Contains(lines, line => line.StartsWith($"{file}:3: step ", StringComparison.Ordinal) && line.Contains("steps", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith($"{file}:4: batch_size ", StringComparison.Ordinal) && line.Contains("many", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith($"{file}:6: optimizer.learning_rat ", StringComparison.Ordinal) && line.Contains("learning_rate", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("optimizer.learning_rate is missing", StringComparison.Ordinal) || line.Contains("optimizer.learning_rate ", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("out", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("teacher.yaml", "train-teacher", "temperature=0", "temperature is 0; expected more than 0: a group of greedy samples has no spread")]
    [InlineData("teacher.yaml", "train-teacher", "group_size=1", "group_size is 1; GRPO needs at least 2 completions a question. Set it to 4 or more")]
    [InlineData("teacher.yaml", "train-teacher", "reference_sync_mix=2", "reference_sync_mix is 2; expected a share from 0 to 1")]
    [InlineData("teacher.yaml", "train-teacher", "loss.beta=-1", "loss.beta is -1; expected 0 or more")]
    [InlineData("teacher.yaml", "train-teacher", "steps=0", "steps is 0; expected 1 or more")]
    [InlineData("teacher.yaml", "train-teacher", "optimizer.learning_rate=0", "optimizer.learning_rate is 0; expected more than 0")]
    [InlineData("teacher.yaml", "train-teacher", "optimizer.beta2=1", "optimizer.beta2 is 1; expected 0 to below 1")]
    [InlineData("teacher.yaml", "train-teacher", "optimizer.warmup_ratio=2", "optimizer.warmup_ratio is 2; expected 0 to 1")]
    [InlineData("sft.yaml", "warmup", "max_bad_rows=2", "max_bad_rows is 2; expected a share from 0 to 1")]
    [InlineData("teacher.yaml", "train-teacher", "max_bad_rows=-0.1", "max_bad_rows is -0.1; expected a share from 0 to 1")]
    [InlineData("collect.yaml", "collect", "max_bad_rows=2", "max_bad_rows is 2; expected a share from 0 to 1")]
    [InlineData("eval.yaml", "eval", "max_bad_rows=2", "max_bad_rows is 2; expected a share from 0 to 1")]
    [InlineData("sft.yaml", "warmup", "save_every=-1", "save_every is -1; expected 0 or more")]
    [InlineData("teacher.yaml", "train-teacher", "save_minutes=-1", "save_minutes is -1; expected 0 or more")]
    [InlineData("teacher.yaml", "train-teacher", "keep_last=0", "keep_last is 0; expected 1 or more")]
    [InlineData("sft.yaml", "warmup", "batch_size=0", "batch_size is 0; expected 1 or more")]
    [InlineData("sft.yaml", "warmup", "steps=-1", "steps is -1; expected 0 or more")]
    [InlineData("sft.yaml", "distill", "optimizer.max_grad_norm=-1", "optimizer.max_grad_norm is -1; expected 0 (no clipping) or more")]
    [InlineData("collect.yaml", "collect", "keep=best", "keep is best (by reward), which needs a student to score with. Set student, keep: first, or best_by: length")]
    [InlineData("collect.yaml", "collect", "surprise_window=0", "surprise_window is 0; expected 1 or more")]
    [InlineData("sft.yaml", "distill", "weights_temperature=0", "weights_temperature is 0; expected more than 0: near 0 the best trace alone is learned")]
    [InlineData("teacher.yaml", "train-teacher", "student_refresh={every: 0}", "student_refresh.every is 0; expected 1 or more")]
    [InlineData("teacher.yaml", "train-teacher", "student_refresh={learning_rate: 0}", "student_refresh.learning_rate is 0; expected more than 0")]
    [InlineData("collect.yaml", "collect", "top_p=0", "top_p is 0; expected more than 0, up to 1")]
    [InlineData("collect.yaml", "collect", "limit=-1", "limit is -1; expected 0 or more")]
    [InlineData("eval.yaml", "eval", "samples=4", "samples is 4 at temperature 0, where all are alike. Set temperature, or samples: 1")]
    [InlineData("eval.yaml", "eval", "temperature=-1", "temperature is -1; expected 0 (the likeliest tokens) or more")]
    public void RunCommand_SettingOutOfRange_SaysKeyValueAndWhatIsExpected(string config, string command, string setting, string message)
    {
        Assert.Equal($"--set {setting}: {message}", Refused(command, "--config", "@" + config, "--set", setting));
        Assert.False(Directory.Exists(_rlt["run"]));
    }

    [Fact]
    public void Distill_RowsWithoutRewards_SaysWhatWritesThem()
    {
        File.Delete(_rlt["model/model.safetensors"]);
        Assert.Equal(
            $"{_rlt["data.jsonl"]}:1: no 'reward' to weigh the row by (weights: reward); expected a number, as rlt score writes it, and rlt collect with a student.",
            Refused("distill", "--config", "@sft.yaml", "--set", "weights=reward"));
        Assert.Equal(
            "--set weights=reward: weights is reward, but the target is text, whose rows have no reward. Leave it out, or set target: student",
            Refused("distill", "--config", "@sft.yaml", "--set", "target=text", "--set", "weights=reward"));
    }

    [Fact]
    public void RunCommand_SetWithoutValue_SaysItsForm() =>
        Assert.StartsWith("--set steps: expected KEY=VALUE", Refused("warmup", "--config", "@sft.yaml", "--set", "steps"), StringComparison.Ordinal);

    [Fact]
    public void RunCommand_MissingConfig_NamesTheFile() =>
        Assert.StartsWith($"{_rlt["absent.yaml"]}: cannot be read: ", Refused("warmup", "--config", "@absent.yaml"), StringComparison.Ordinal);

    [Fact]
    public void RunCommand_UnknownFormat_NamesTheShippedOnes() => Assert.Equal(
        "format: 'stratus' is neither a file nor a shipped format; expected a path, or one of r1, small, stratos.", Refused("warmup", "--config", "@sft.yaml", "--set", "format=stratus"));

    [Fact]
    public void Warmup_NoFormat_SaysWhatNeedsOne()
    {
        _rlt.Write("bare.yaml", File.ReadAllText(_rlt["sft.yaml"]).Replace($"format: {_rlt["format.yaml"]}\n", "", StringComparison.Ordinal));
        Assert.StartsWith("format: missing; warmup needs a format", Refused("warmup", "--config", "@bare.yaml"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sft.yaml", "warmup")]
    [InlineData("teacher.yaml", "train-teacher")]
    [InlineData("collect.yaml", "collect")]
    public void RunCommand_ModelWithoutTemplate_SaysWhereOneIsLookedFor(string config, string command)
    {
        TinyDirectory.Write(_rlt["plain"], withTemplate: false);
        Assert.Equal(
            $"{_rlt["plain"]} has no chat template (chat_template in tokenizer_config.json, or chat_template.jinja); this command needs one.",
            Refused(command, "--config", "@" + config, "--model", "@plain"));
        Assert.False(Directory.Exists(_rlt["run"]));
    }

    [Theory]
    [InlineData("teacher.yaml", "train-teacher")]
    [InlineData("collect.yaml", "collect")]
    public void RunCommand_PromptFillsTheContext_IsToldBeforeAnyWeightIsRead(string config, string command)
    {
        string question = string.Concat(Enumerable.Repeat("one more word ", 200));
        File.AppendAllText(_rlt["data.jsonl"], $"{{\"question\": \"{question}\", \"solution\": \"1\", \"answer\": \"1\"}}\n");
        File.Delete(_rlt["model/model.safetensors"]);
        string message = Refused(command, "--config", "@" + config);
        Assert.StartsWith("task 4 of 4 ('one more word", message, StringComparison.Ordinal);
        Assert.EndsWith($" tokens; {_rlt["model"]} takes 256, what it writes included. Leave the row out, or use a model with a longer context.", message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_rlt["run"]));
    }

    [Theory]
    [InlineData("sft.yaml", "warmup", "no question; expected one of 'question', 'prompt', 'problem'.")]
    [InlineData("teacher.yaml", "train-teacher", "no question; expected one of 'question', 'prompt', 'problem'.")]
    [InlineData("collect.yaml", "collect", "no question; expected one of 'question', 'prompt', 'problem'.")]
    [InlineData("eval.yaml", "eval", "no question; expected one of 'question', 'prompt', 'problem'.")]
    public void RunCommand_RowWithoutQuestion_SaysFileAndLine(string config, string command, string message)
    {
        File.AppendAllText(_rlt["data.jsonl"], "{\"solution\": \"x\"}\n");
        Assert.Equal(
            $"{_rlt["data.jsonl"]}: 1 of 4 rows cannot be used (max_bad_rows allows 0.01 of all). Correct them, or name other columns in 'fields' or another format:\n  {_rlt["data.jsonl"]}:4: {message}",
            Refused(command, "--config", "@" + config, "--model", "@absent"));
        Assert.False(Directory.Exists(_rlt["run"]));
    }

    [Theory]
    [InlineData("sft.yaml", "distill")]
    [InlineData("teacher.yaml", "train-teacher")]
    [InlineData("collect.yaml", "collect")]
    [InlineData("eval.yaml", "eval")]
    public void RunCommand_NamedColumnThatIsNotThere_NamesThoseThatAre(string config, string command) => Assert.Equal(
        $"fields.solution is 'solved', a column that {_rlt["data.jsonl"]} does not have; expected one of 'question', 'solution', 'explanation', 'answer', 'id'.",
        Refused(command, "--config", "@" + config, "--model", "@absent", "--set", "fields.solution=solved"));

    [Fact]
    public void RunCommand_FileOfAnotherKind_NamesThoseThatAreRead()
    {
        _rlt.Write("data.xlsx", "PK");
        Assert.Equal(
            $"{_rlt["data.xlsx"]}: files that end in '.xlsx' are not read; expected .parquet, .jsonl (one object a line), .json (a list of objects) or .csv.",
            Refused("warmup", "--config", "@sft.yaml", "--data", "@data.xlsx"));
    }

    [Fact]
    public void RunCommand_FolderOfAnotherConfig_NamesTheDifference()
    {
        Assert.Equal(0, _rlt.Run("warmup", "--config", "@sft.yaml").Exit);
        Assert.Equal(
            $"{_rlt["run"]} holds a run in which these may not change: batch_size 2 there, 3 now. "
                + $"Choose another --out, or repeat what it had ({_rlt["run/config.yaml"]}) to go on.",
            Refused("warmup", "--config", "@sft.yaml", "--set", "batch_size=3"));
    }

    [Theory]
    [InlineData("sft.yaml", "warmup")]
    [InlineData("teacher.yaml", "train-teacher")]
    [InlineData("collect.yaml", "collect")]
    [InlineData("eval.yaml", "eval")]
    public void RunCommand_FolderOfOtherFiles_IsLeftAlone(string config, string command)
    {
        Directory.CreateDirectory(_rlt["run"]);
        _rlt.Write("run/letter.txt", "dear");
        Assert.Equal($"{_rlt["run"]} is not empty and holds no run (no config.yaml). Choose another --out: nothing in it is overwritten.", Refused(command, "--config", "@" + config));
        Assert.Equal([_rlt["run/letter.txt"]], Directory.GetFileSystemEntries(_rlt["run"]));
    }

    [Theory]
    [InlineData("sft.yaml", "warmup")]
    [InlineData("teacher.yaml", "train-teacher")]
    [InlineData("collect.yaml", "collect")]
    [InlineData("eval.yaml", "eval")]
    public void RunCommand_FolderThatCannotBeUsed_IsToldBeforeWeightsAreRead(string config, string command)
    {
        File.WriteAllText(_rlt["model/model.safetensors"], "no weights");
        string inFile = Refused(command, "--config", "@" + config, "--out", "@data.jsonl/run");
        Assert.StartsWith($"{_rlt["data.jsonl/run"]}: the run's folder cannot be written: ", inFile, StringComparison.Ordinal);
        using Rlt.Runs.RunFolder held = Rlt.Runs.RunFolder.Open(_rlt["run"], "config");
        string inUse = Refused(command, "--config", "@" + config);
        Assert.StartsWith($"{_rlt["run"]} is in use by another run, process {Environment.ProcessId} on host ", inUse, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sft.yaml", "warmup")]
    [InlineData("teacher.yaml", "train-teacher")]
    [InlineData("collect.yaml", "collect")]
    [InlineData("eval.yaml", "eval")]
    public void RunCommand_FullDisk_FailsTheRunWithOneMessageAndGoesOnLater(string config, string command)
    {
        CommandResult result;
        using (new FullDisk(1100))
        {
            result = _rlt.Run(command, "--config", "@" + config, "--set", "seed=3");
        }

        Assert.Equal(3, result.Exit);
        string[] lines = result.Errors.TrimEnd('\n').Split('\n');
        Assert.Single(lines, line => line.StartsWith("rlt: ", StringComparison.Ordinal));
        Assert.StartsWith("rlt: the disk is full: No space left on device : '", lines[^2], StringComparison.Ordinal);
        Assert.EndsWith($" {command} --config {_rlt[config]} --set seed=3", lines[^1], StringComparison.Ordinal);
        Assert.Equal(0, _rlt.Run(command, "--config", "@" + config, "--set", "seed=3").Exit);
    }

    [Fact]
    public void Warmup_LossNotFinite_FailsTheRunWithoutApplyingTheStep()
    {
        CommandResult result = _rlt.Run("warmup", "--config", "@sft.yaml", "--set", "optimizer.learning_rate=1e37");
        Assert.Equal(3, result.Exit);
        Assert.Contains("rlt: step 2: the loss is NaN and the gradient norm NaN; the step was not applied. Lower optimizer.learning_rate, or resume from an earlier checkpoint.", result.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_rlt["run/model"]));
    }

    [Fact]
    public void LogProbs_CutOffWeights_AreRefused()
    {
        string weights = _rlt["model/model.safetensors"];
        File.WriteAllBytes(weights, File.ReadAllBytes(weights)[..5000]);
        Assert.StartsWith($"{weights}: ", Refused("logprobs", "--model", "@model", "--input", "@data.jsonl", "--output", "@out.jsonl"), StringComparison.Ordinal);
    }

    [Fact]
    public void Tokenize_DirectoryWithoutTokenizer_NamesTheFile()
    {
        Directory.CreateDirectory(_rlt["empty"]);
        Assert.StartsWith($"{_rlt["empty/tokenizer.json"]}: ", Refused("tokenize", "--model", "@empty", "--input", "@data.jsonl", "--output", "@out.jsonl"), StringComparison.Ordinal);
    }

    [Fact]
    public void Tokenize_MessagesWithoutTemplate_SaysWhereOneIsLookedFor()
    {
        TinyDirectory.WriteTokenizer(_rlt["plain"], withTemplate: false);
        _rlt.Write("in.jsonl", "{\"messages\": []}\n");
        Assert.Equal(
            $"{_rlt["plain"]} has no chat template (chat_template in tokenizer_config.json, or chat_template.jinja), which 'messages' need.",
            Refused("tokenize", "--model", "@plain", "--input", "@in.jsonl", "--output", "@out.jsonl"));
        Assert.False(File.Exists(_rlt["out.jsonl"]));
    }

    [Theory]
    [InlineData("""{"answer": "5"}""", ":1: 'response' is missing; expected a text.")]
    [InlineData("""{"response": "5"}""", ":1: 'answer' is missing; expected a text.")]
    [InlineData("""{"answer": "5", "response": 5}""", ":1: 'response' is 5; expected a text.")]
    [InlineData("""{"answer": "5", "response": "5", "precision": -1}""", ":1: 'precision' is -1; expected a number of decimal places from 0 to 60.")]
    [InlineData("""{"answer": "5", "response": "5", "strict": "perhaps"}""", ":1: 'strict' is perhaps; expected true or false.")]
    public void Grade_UnusableRow_SaysFileLineAndWhat(string row, string message)
    {
        _rlt.Write("in.jsonl", row + "\n");
        Assert.Equal(_rlt["in.jsonl"] + message, Refused("grade", "--input", "@in.jsonl", "--output", "@out.jsonl"));
        Assert.False(File.Exists(_rlt["out.jsonl"]));
    }

    [Fact]
    public void Grade_PrecisionBeyondBounds_IsRefused() => Assert.Equal(
        "--precision is 61; expected a number of decimal places from 0 to 60", Refused("grade", "--input", "@data.jsonl", "--output", "@out.jsonl", "--precision", "61"));

    [Fact]
    public void Results_FoldersWithoutRuns_NamesThem() => Assert.Equal(
        $"{_rlt["absent"]}: no run of train-teacher (metrics.jsonl) or eval (summary.json) is there.", Refused("results", "@absent"));

    private string Refused(params string[] arguments)
    {
        CommandResult result = _rlt.Run(arguments);
        Assert.True(result.Exit == 2, $"exit {result.Exit}: {result.Errors}");
        Assert.StartsWith("rlt: ", result.Errors, StringComparison.Ordinal);
        return result.Message;
    }
}
