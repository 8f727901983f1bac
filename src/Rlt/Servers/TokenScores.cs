using System.Globalization;
using System.Text.Json.Nodes;
using Rlt.Models;
using Rlt.Text.Tokenization;

namespace Rlt.Servers;

/// <summary>What a server's model makes of a sequence's scored tokens, at temperature 1.</summary>
/// <param name="LogProbs">ln p of each token; nats.</param>
/// <param name="LikeliestIds">For each the so many likeliest tokens in its place, the likeliest first.</param>
/// <param name="LikeliestLogProbs">ln p of these.</param>
public sealed record TokenScores(float[] LogProbs, int[][] LikeliestIds, float[][] LikeliestLogProbs)
{
    private const string IdText = "token_id:";

    /// <summary>Reads an answer to a prompt of token ids.</summary>
    /// <param name="root">The answer's JSON.</param>
    /// <param name="form">Its form.</param>
    /// <param name="sequence">The prompt, and from where it is scored.</param>
    /// <param name="likeliest">How many of the likeliest tokens are wanted.</param>
    /// <exception cref="ServerException">The answer has no log-probabilities of given tokens, or fewer than were wanted.</exception>
    internal static TokenScores Read(JsonNode root, ScoreForm form, TokenSequence sequence, int likeliest)
    {
        JsonNode? choice = root["choices"]?[0];
        int[] places = [.. Enumerable.Range(sequence.From, sequence.ScoredCount)];
        if (form == ScoreForm.PromptLogprobs)
        {
            JsonArray told = Whole(choice?["prompt_logprobs"], "prompt_logprobs", sequence);
            var tokens = places.Select(i => told[i]!.AsObject().ToDictionary(token => Id(token.Key), token => token.Value!["logprob"]!.GetValue<float>())).ToArray();
            return Of(places.Select((i, n) => tokens[n][sequence.Ids[i]]), tokens, likeliest);
        }

        JsonArray logProbs = Whole(choice?["logprobs"]?["token_logprobs"], "logprobs.token_logprobs", sequence);
        JsonArray? tops = likeliest == 0 ? null : Whole(choice?["logprobs"]?["top_logprobs"], "logprobs.top_logprobs", sequence);
        return Of(places.Select(i => logProbs[i]!.GetValue<float>()), [.. places.Select(i => tops is null ? []
            : tops[i]!.AsObject().Where(token => token.Key.StartsWith(IdText, StringComparison.Ordinal))
                .ToDictionary(token => Id(token.Key[IdText.Length..]), token => token.Value!.GetValue<float>()))], likeliest);
    }

    /// <summary>Whether most of the tokens that a server tells the text of are those of a tokenizer; an answer that tells no text is taken for right.</summary>
    /// <remarks>Decoded one by one, blank space and parts of characters may be written in other ways; another tokenizer's ids are other words nearly everywhere.</remarks>
    internal static bool AreOf(JsonNode root, ScoreForm form, TokenSequence sequence, Tokenizer tokenizer)
    {
        JsonNode? choice = root["choices"]?[0];
        (string Own, string Told)[] texts =
        [
            .. from place in Enumerable.Range(sequence.From, sequence.ScoredCount)
               let id = sequence.Ids[place]
               let told = form == ScoreForm.PromptLogprobs ? choice?["prompt_logprobs"]?[place]?[Text(id)]?["decoded_token"] : choice?["logprobs"]?["tokens"]?[place]
               where told is not null
               let text = told.GetValue<string>()
               let own = text.StartsWith(IdText, StringComparison.Ordinal) ? IdText + Text(id) : tokenizer.Decode([id])
               where !own.Contains('\uFFFD') && own.Trim().Length > 0
               select (own.Trim(), text.Trim()),
        ];
        return 2 * texts.Count(text => text.Own != text.Told) <= texts.Length;
    }

    private static TokenScores Of(IEnumerable<float> logProbs, Dictionary<int, float>[] tokens, int likeliest)
    {
        (int Id, float LogProb)[][] best = [.. tokens.Select(place => place.OrderByDescending(token => token.Value).Take(likeliest).Select(token => (token.Key, token.Value)).ToArray())];
        return best.FirstOrDefault(place => place.Length < likeliest) is { } few
            ? throw new ServerException($"it tells {few.Length} of the {likeliest} likeliest tokens by their ids", mayPass: false)
            : new TokenScores([.. logProbs], [.. best.Select(place => place.Select(token => token.Id).ToArray())],
                [.. best.Select(place => place.Select(token => token.LogProb).ToArray())]);
    }

    private static JsonArray Whole(JsonNode? node, string field, TokenSequence sequence) =>
        node is JsonArray told && told.Count >= sequence.Ids.Length ? told
            : throw new ServerException($"no log-probabilities of the given tokens (choices[0].{field})", mayPass: false) { IsOfAll = true };

    private static int Id(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    private static string Text(int id) => id.ToString(CultureInfo.InvariantCulture);
}
