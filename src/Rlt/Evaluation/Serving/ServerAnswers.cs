using System.Text.Json.Nodes;
using Rlt.Servers;
using Rlt.Statistics;
using Rlt.Teaching;

namespace Rlt.Evaluation.Serving;

/// <summary>Answers by an OpenAI-compatible server, a request a sample, several at once. What is answered is kept whatever happens to the rest.</summary>
/// <param name="config">The evaluation.</param>
/// <param name="sampling">How answers are drawn.</param>
/// <param name="chat">Writes the prompts of completions; null for chat.</param>
/// <param name="client">Asks the server.</param>
public sealed class ServerAnswers(EvalConfig config, EvalSampling sampling, ChatRenderer? chat, CompletionClient client) : IAnswerSource
{
    private readonly Lock _results = new();
    private int _failed;
    private int _failedInRow;
    private string _lastFailure = "";
    private string? _unreachable;

    /// <inheritdoc/>
    public int? BlockQuestions => null;

    /// <inheritdoc/>
    public void Answer(IReadOnlyList<AnswerRequest> requests, Action<IReadOnlyList<SampledAnswer>> answered, CancellationToken stop)
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(stop);
        try
        {
            var options = new ParallelOptions { MaxDegreeOfParallelism = config.Server.Concurrency, CancellationToken = giveUp.Token };
            Parallel.ForEachAsync(requests, options, async (request, token) => await AskAsync(request, answered, giveUp, token).ConfigureAwait(false))
                .GetAwaiter().GetResult();
        }
        catch (OperationCanceledException) when (_failed > 0 && !stop.IsCancellationRequested)
        {
            // Told below, with what was failing.
        }

        if (_unreachable is not null)
        {
            throw new ConfigException($"{config.Server.Url}: {_unreachable}");
        }

        if (_failed > 0)
        {
            throw new RunFailedException($"{config.Server.Url}: {(giveUp.IsCancellationRequested ? "gave up" : "not all was answered")} "
                + $"after {_failed} of {requests.Count} requests failed for good. "
                + $"What was answered is kept, and the same command asks for the rest. Last: {_lastFailure}");
        }
    }

    private async Task AskAsync(AnswerRequest request, Action<IReadOnlyList<SampledAnswer>> answered, CancellationTokenSource giveUp, CancellationToken stop)
    {
        try
        {
            Completion completion = await client.AskAsync(Body(request), stop).ConfigureAwait(false);
            string opened = chat?.OpenedThought(request.Question.System, request.Question.Prompt) ?? "";
            lock (_results)
            {
                _failedInRow = 0;
                answered([new SampledAnswer(request, completion.Text, completion.Truncated, completion.Tokens)
                {
                    Refusal = completion.Refusal, OpenedThought = opened,
                }]);
            }
        }
        catch (ServerException error)
        {
            lock (_results)
            {
                (_failed, _failedInRow, _lastFailure) = (_failed + 1, _failedInRow + 1, $"question '{request.Question.Id}', {error.Message}");
                _unreachable = error is { IsOfAll: true, IsUnreachable: true } ? error.Message : _unreachable;
                if (error.IsOfAll || _failedInRow >= config.Server.Concurrency)
                {
                    giveUp.Cancel();
                }
            }
        }
    }

    private JsonObject Body(AnswerRequest request)
    {
        var body = new JsonObject
        {
            ["model"] = config.Model,
            ["temperature"] = sampling.Temperature,
            ["top_p"] = sampling.TopP,
            ["max_tokens"] = sampling.MaxNewTokens,
            ["seed"] = (int)(RandomStream.Key(config.Seed, request.Index, request.Sample) >> 33),
        };
        if (chat is not null)
        {
            body["prompt"] = chat.Prompt(request.Question.System, request.Question.Prompt);
            body["add_special_tokens"] = false;
            return body;
        }

        var messages = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = request.Question.Prompt });
        if (request.Question.System.Length > 0)
        {
            messages.Insert(0, new JsonObject { ["role"] = "system", ["content"] = request.Question.System });
        }

        body["messages"] = messages;
        if (config.TemplateArgs is { } args)
        {
            body["chat_template_kwargs"] = args.DeepClone();
        }

        return body;
    }
}
