using System.Text;
using Rlt.Configuration;
using Rlt.Evaluation;
using Rlt.Evaluation.Questions;
using Rlt.Files;
using Rlt.Models;
using Rlt.Runs;
using Rlt.Teaching;
using Rlt.Teaching.Collection;
using Rlt.Training;
using Rlt.Training.Optimization;

namespace Rlt.Tests.Hostile;

/// <summary>A run's folder: checkpoint, metrics and samples. Half of the damages come with checksums that fit.</summary>
internal sealed class CheckpointReader : HostileReader, IDisposable
{
    private const string Checkpoint = "checkpoints/step-000002";
    private readonly string _model;
    private readonly LanguageModel _loaded;
    private readonly AdamW _optimizer;
    private bool _resum;

    public CheckpointReader(string model, string run)
    {
        _model = model;
        _loaded = LanguageModel.LoadToTrain(model, TinyDirectory.Device, null, 0);
        _optimizer = new AdamW(_loaded.Decoder.Trained, new OptimizerConfig { LearningRate = 1 }.ToAdamW());
        string checkpoint = Directory.GetDirectories(Path.Combine(run, "checkpoints")).Single();
        Files = new[] { "config.json", "model.safetensors", "optimizer.safetensors", "trainer_state.json", Checksums.FileName }
            .ToDictionary(name => $"{Checkpoint}/{name}", name => File.ReadAllBytes(Path.Combine(checkpoint, name)))
            .Append(new("metrics.jsonl", File.ReadAllBytes(Path.Combine(run, "metrics.jsonl"))))
            .Append(new("config.yaml", File.ReadAllBytes(Path.Combine(run, "config.yaml"))))
            .ToDictionary();
    }

    public override IReadOnlyDictionary<string, byte[]> Files { get; }

    public override int Weight => 3;

    public override byte[] Damage(string name, byte[] content, Mutator mutator)
    {
        _resum = mutator.Next(2) == 0;
        return name.EndsWith(".safetensors", StringComparison.Ordinal) ? SafetensorsReader.Header(content, mutator) : mutator.Damage(content);
    }

    public override void Prepare(string directory)
    {
        foreach (string name in new[] { "tokenizer.json", "tokenizer_config.json" })
        {
            Directory.CreateDirectory(Path.Combine(directory, Checkpoint));
            File.Copy(Path.Combine(_model, name), Path.Combine(directory, Checkpoint, name), overwrite: true);
        }
    }

    public override void Read(string directory)
    {
        string checkpoint = Path.Combine(directory, Checkpoint);
        if (_resum)
        {
            File.Delete(Path.Combine(checkpoint, Checksums.FileName));
            Checksums.Write(checkpoint);
        }

        using RunFolder folder = RunFolder.Open(directory, Encoding.UTF8.GetString(Files["config.yaml"])).Begin();
        var policy = new CheckpointPolicy(1, 0, 1, new BestMetric("loss", "loss"));
        _ = new TrainingCheckpoint(folder, _loaded, _optimizer, null, policy).ResumeOrStart(_ => { });
        _ = TrainingCheckpoint.Best(folder, policy);
        _ = policy.Score(RunRows.Read(folder.Metrics));
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _loaded.Dispose();
    }
}

/// <summary>The files of a collection that goes on.</summary>
internal sealed class TracesReader : HostileReader
{
    private const string Row = """{"index":0,"question":"q","solution":"7","explanation":"so","explanation_tokens":3}""";

    public override IReadOnlyDictionary<string, byte[]> Files { get; } = new Dictionary<string, byte[]>
    {
        ["traces.jsonl"] = Encoding.UTF8.GetBytes(Row + "\n" + Row + "\n"),
        ["metrics.jsonl"] = Encoding.UTF8.GetBytes($"{{\"traces\":2,\"step\":2,\"bytes\":{2 * (Row.Length + 1)}}}\n"),
        ["config.yaml"] = "config"u8.ToArray(),
    };

    public override void Read(string directory)
    {
        using RunFolder folder = RunFolder.Open(directory, "config").Begin();
        _ = new BlockRows(folder, TraceCollector.FileName).Done;
    }
}

/// <summary>The results of an evaluation that goes on.</summary>
internal sealed class EvaluationReader : HostileReader, IAnswerSource
{
    public override IReadOnlyDictionary<string, byte[]> Files { get; } = new Dictionary<string, byte[]>
    {
        [Evaluator.FileName] = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 4).Select(i =>
            $"{{\"index\":{i / 2},\"sample\":{i % 2},\"id\":\"q{i / 2}\",\"question\":\"q\",\"prompt\":\"q\",\"response\":\"\\\\boxed{{7}}\",\"answer\":\"7\",\"extracted\":\"7\",\"correct\":true,\"finish_reason\":\"stop\",\"tokens\":3}}\n"))),
    };

    public int? BlockQuestions => 1;

    public override void Read(string directory)
    {
        var config = new EvalConfig { Model = "m", Data = "d", Out = "o", Samples = 2, Temperature = 1 };
        EvalQuestion[] questions = [.. Enumerable.Range(0, 2).Select(i => new EvalQuestion(new TeachingTask("q", ""), "7") { Id = $"q{i}" })];
        File.WriteAllText(Path.Combine(directory, RunFolder.ConfigFile), "config");
        using RunFolder folder = RunFolder.Open(directory, "config").Begin();
        new Evaluator(config, EvalSampling.Of(config, BenchmarkDefinition.Plain), BenchmarkDefinition.Plain, questions, this).Run(folder, (_, _) => { }, default);
    }

    public void Answer(IReadOnlyList<AnswerRequest> requests, Action<IReadOnlyList<SampledAnswer>> answered, CancellationToken stop) =>
        answered([.. requests.Select(request => new SampledAnswer(request, "\\boxed{7}", false, 3))]);
}

/// <summary>What <c>rlt results</c> reads.</summary>
internal sealed class ResultsReader : HostileReader
{
    public override IReadOnlyDictionary<string, byte[]> Files { get; } = new Dictionary<string, byte[]>
    {
        ["summary.json"] = """{"model":"M","data":"D","questions":4,"samples":2,"accuracy":0.5,"accuracy_95":0.1,"truncated":0,"no_answer":0.25,"mean_tokens":12.5}"""u8.ToArray(),
        ["metrics.jsonl"] = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(1, 4).Select(i =>
            $"{{\"step\":{i},\"reward\":-1.5,\"solution_score\":-1,\"think_kl\":0.5,\"match\":0,\"completion_tokens\":20,\"empty\":0}}\n"))),
    };

    public override void Read(string directory)
    {
        (TextWriter output, TextWriter errors) = (Console.Out, Console.Error);
        try
        {
            Console.SetOut(TextWriter.Null);
            Console.SetError(TextWriter.Null);
            Assert.InRange(Rlt.Cli.Program.Main(["results", directory, "--svg", Path.Combine(directory, "r.svg")]), 0, 3);
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(errors);
        }
    }
}
