using System.CommandLine;
using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Evaluation;
using Rlt.Evaluation.Questions;
using Rlt.Evaluation.Serving;
using Rlt.Hub;
using Rlt.Models;
using Rlt.Runs;
using Rlt.Servers;
using Rlt.Teaching;

namespace Rlt.Cli.Commands.Evaluation;

/// <summary><c>rlt eval</c>: accuracy on a benchmark, or on any questions with answers.</summary>
internal static class EvalCommand
{
    public static Command Create()
    {
        var command = new Command(
            "eval", "Accuracy on a benchmark, or on any questions with answers: OUT/results.jsonl, OUT/summary.json and OUT/failures.html.");
        var options = new RunOptions(command,
            ("--model", "model", "the model directory; with --url, the name that the server has for the model"),
            ("--data", "data", "a Parquet, JSONL, JSON or CSV file, a data set's folder or its Hub id: questions and answers"),
            ("--out", "out", "the run's directory"),
            ("--benchmark", "benchmark", "aime24, aime25, math500, gpqa-diamond, gsm8k, amc, olympiadbench, or a YAML file"),
            ("--protocol", "protocol", "strict (the default) or skythought: system prompt and scoring"),
            ("--url", "server.url", "an OpenAI-compatible server to ask instead of the engine here: http://host:8000/v1"),
            ("--api-key-env", "server.key_variable", "the environment variable with the server's key, OPENAI_API_KEY by default"),
            ("--samples", "samples", "answers sampled for each question"),
            ("--temperature", "temperature", "sampling temperature; 0 takes the likeliest tokens"),
            ("--top-p", "top_p", "keeps the likeliest tokens whose probabilities add up to this"),
            ("--max-new-tokens", "max_new_tokens", "tokens of an answer at most"));
        command.Subcommands.Add(EvalCompareCommand.Create());
        command.RunsShards<EvalConfig>(options, Run);
        return command;
    }

    private static void Run(EvalConfig config, Shard shard, CancellationToken stop)
    {
        BenchmarkDefinition benchmark = BenchmarkDefinition.Load(config.Benchmark);
        var sampling = EvalSampling.Of(config, benchmark);
        if (config.Server.Url is null)
        {
            Startup.Prepare(config.Device);
        }

        UsableRows<EvalQuestion> read = Evaluator.Read(Source(config, benchmark), benchmark);
        PromptFormat? format = config.Format is null ? null : PromptFormat.Load(config.Format);
        IReadOnlyList<EvalQuestion> questions = AskedQuestions.WithSystem(
            read.Rows, config.Protocol, config.System, config.ModelId ?? HubPath.IdOf(config.Model)?.Name ?? config.Model, format);
        _ = shard.Of(questions.Count);
        using RunFolder folder = ConfiguredRun.Open(config.Out, config.Resolved(sampling));
        if (config.Server.Url is null)
        {
            var text = ModelText.Load(config.Model);
            string[] warnings = [.. new EnginePrompt(text, config.TemplateArgs).Warnings(questions)];
            using LanguageModel model = Startup.Load(text, config.Device);
            Run(folder, config, shard, sampling, benchmark, read, warnings, questions,
                observer => new EngineAnswers(config, sampling, model) { During = observer.During }, stop);
            return;
        }

        ChatRenderer? chat = config.Server.Tokenizer is { } tokenizer ? new ChatRenderer(RequireTemplate(tokenizer), config.TemplateArgs) : null;
        using var client = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        var completions = new CompletionClient(client, config.Server, config.Server.Key(), quotes: !benchmark.Hidden);
        Run(folder, config, shard, sampling, benchmark, read, [], questions, observer =>
        {
            completions.Retrying = observer.Said;
            return new ServerAnswers(config, sampling, chat, completions);
        }, stop);
    }

    private static void Run(
        RunFolder folder, EvalConfig config, Shard shard, EvalSampling sampling, BenchmarkDefinition benchmark, UsableRows<EvalQuestion> read,
        string[] warnings, IReadOnlyList<EvalQuestion> questions, Func<RunObserver, IAnswerSource> source, CancellationToken stop)
    {
        folder.Begin();
        using var observer = new RunObserver("eval", folder, "accuracy") { Unit = "question" };
        observer.WarnedOf(read);
        observer.WarnedOf(warnings);
        if (benchmark.Questions > 0 && benchmark.Questions != questions.Count && config.Limit == 0)
        {
            observer.Warned($"{config.Data}: {questions.Count} questions; {config.Benchmark} has {benchmark.Questions}");
        }

        var evaluator = new Evaluator(config, sampling, benchmark, questions, source(observer))
        {
            Shard = shard,
            Began = kept =>
            {
                int asked = shard.Of(questions.Count).Count;
                observer.Started(kept / sampling.Samples, asked);
                if (kept > 0)
                {
                    observer.Said($"{kept} of {asked * sampling.Samples} answers are kept from before; the rest is asked for");
                }
            },
        };
        JsonObject summary = evaluator.Run(folder, (_, metrics) => observer.Stepped(metrics), stop);
        if (evaluator.Warning is { } warning)
        {
            observer.Warned(warning);
        }

        observer.Finished(Path.Combine(folder.Path, Evaluator.SummaryName));
        if (shard.Count > 1)
        {
            return;
        }

        observer.Said(EvalSummary.Table(summary));
        Console.WriteLine(summary.ToJsonString());
    }

    private static DataSource Source(EvalConfig config, BenchmarkDefinition benchmark) => config.Data is not null
        ? config.Source
        : throw new ConfigException("data: missing; eval reads a file of questions. "
            + $"Set data, or give --data FILE{(benchmark.Source is { } source ? $" ({config.Benchmark}: {source})" : "")}.");

    private static Text.Chat.ChatTemplate RequireTemplate(string directory) => Text.Chat.ChatTemplate.TryLoad(directory)
        ?? throw new CheckpointException(
            $"{directory} has no chat template (chat_template in tokenizer_config.json, or chat_template.jinja); completions need one.");
}
