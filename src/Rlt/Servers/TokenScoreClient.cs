using System.Text.Json.Nodes;
using Rlt.Models;
using Rlt.Text.Tokenization;

namespace Rlt.Servers;

/// <summary>Asks an OpenAI-compatible server for the log-probabilities of given tokens, a request a sequence, several at once.</summary>
/// <param name="client">Asks the server.</param>
/// <param name="config">Which one, and in what form.</param>
/// <param name="likeliest">How many of the likeliest tokens are told beside each given one.</param>
public sealed class TokenScoreClient(CompletionClient client, ScoringServer config, int likeliest)
{
    private const string Expected = "scoring of a prompt (choices[0])";

    private string? _served = config.Model;

    /// <summary>Looks whether the server scores tokens as it must, before anything depends on it.</summary>
    /// <param name="sequence">Some text's tokens.</param>
    /// <param name="tokenizer">The tokenizer that they are of, which the server's model must share.</param>
    /// <exception cref="ConfigException">It is not there, tells no log-probabilities of given tokens, or its tokens are others.</exception>
    public void Require(TokenSequence sequence, Tokenizer tokenizer)
    {
        try
        {
            bool same = AskAsync(sequence, root =>
            {
                TokenScores.Read(root, config.Form, sequence, likeliest);
                return TokenScores.AreOf(root, config.Form, sequence, tokenizer) ? "same" : "other";
            }, CancellationToken.None).GetAwaiter().GetResult() == "same";
            if (!same)
            {
                throw new ConfigException($"{config.Url}: the server's model has other tokens (its texts of token ids are not the student's); "
                    + "a distribution is learned over the same tokens. Serve a model of the student's family.");
            }
        }
        catch (ServerException error)
        {
            throw new ConfigException($"{config.Url}: {error.Message}; expected a server that scores given tokens: vLLM or rlt serve, "
                + "with server.form: prompt_logprobs, or one that knows echo with logprobs.", error);
        }
    }

    /// <summary>The scores of sequences, in their order.</summary>
    /// <param name="sequences">The sequences.</param>
    /// <param name="progress">Is told how far the work has come.</param>
    /// <exception cref="RunFailedException">A request failed for good.</exception>
    public TokenScores[] Score(IReadOnlyList<TokenSequence> sequences, WorkProgress? progress = null)
    {
        var scores = new TokenScores[sequences.Count];
        Action<long>? worked = progress.Over(sequences.Sum(sequence => (long)sequence.Ids.Length));
        var told = new Lock();
        try
        {
            Parallel.ForEachAsync(
                Enumerable.Range(0, scores.Length), new ParallelOptions { MaxDegreeOfParallelism = config.Concurrency }, async (i, stop) =>
                {
                    TokenSequence sequence = sequences[i];
                    scores[i] = sequence.ScoredCount == 0 ? new TokenScores([], [], [])
                        : await AskAsync(sequence, root => TokenScores.Read(root, config.Form, sequence, likeliest), stop).ConfigureAwait(false);
                    lock (told)
                    {
                        worked?.Invoke(sequence.Ids.Length);
                    }
                }).GetAwaiter().GetResult();
            return scores;
        }
        catch (ServerException error)
        {
            throw new RunFailedException($"{config.Url}: {error.Message}. The same command goes on after the newest checkpoint.", error);
        }
    }

    private async Task<T> AskAsync<T>(TokenSequence sequence, Func<JsonNode, T> read, CancellationToken stop)
        where T : class
    {
        _served ??= await client.OnlyModelAsync(stop).ConfigureAwait(false);
        return await client.AskAsync(Body(sequence), read, Expected, stop).ConfigureAwait(false);
    }

    // One token is drawn, for servers that refuse to draw none.
    private JsonObject Body(TokenSequence sequence)
    {
        var body = new JsonObject
        {
            ["model"] = _served, ["prompt"] = new JsonArray([.. sequence.Ids.Select(id => JsonValue.Create(id))]), ["max_tokens"] = 1, ["temperature"] = 0,
        };
        if (config.Form == ScoreForm.PromptLogprobs)
        {
            body["prompt_logprobs"] = likeliest;
        }
        else
        {
            (body["echo"], body["logprobs"]) = (true, likeliest);
            if (likeliest > 0)
            {
                body["return_tokens_as_token_ids"] = true;
            }
        }

        return body;
    }
}
