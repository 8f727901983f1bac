using System.Text.Json.Nodes;
using Rlt.Generation;
using Rlt.Text.Tokenization;

namespace Rlt.Serving.Answers;

/// <summary>Log-probabilities of tokens in the forms of OpenAI's chat and completions, and of vLLM's prompt_logprobs.</summary>
/// <param name="tokenizer">The model's tokenizer.</param>
/// <param name="asIds">Tells tokens as "token_id:5" in place of their texts, but for vLLM's prompt_logprobs, which have both.</param>
internal sealed class TokenLogProbs(Tokenizer tokenizer, bool asIds)
{
    // JSON has no infinity.
    private const float Least = -9999;

    /// <summary>A chat's: {content: [{token, logprob, bytes, top_logprobs}]}.</summary>
    public JsonObject OfChat(IEnumerable<(int Id, TokenPlace? Place)> tokens, int likeliest) => new()
    {
        ["content"] = new JsonArray([.. tokens.Select(token =>
        {
            JsonObject told = Told(token.Id, token.Place!.LogProb);
            told["top_logprobs"] = new JsonArray([.. token.Place.Likeliest.Take(likeliest).Select(other => Told(other.Id, other.LogProb))]);
            return told;
        })]),
        ["refusal"] = null,
    };

    /// <summary>A completion's: {tokens, token_logprobs, top_logprobs, text_offset}; the first token of an echoed prompt has none.</summary>
    /// <param name="tokens">The tokens.</param>
    /// <param name="likeliest">How many of the likeliest are told, beside the token itself.</param>
    /// <param name="offset">Where the first token begins; after the call, where the last one ends.</param>
    public JsonObject OfCompletion(IEnumerable<(int Id, TokenPlace? Place)> tokens, int likeliest, ref int offset)
    {
        JsonArray texts = [], logProbs = [], tops = [], offsets = [];
        foreach ((int id, TokenPlace? place) in tokens)
        {
            string text = Text(id);
            texts.Add(text);
            logProbs.Add(place is null ? null : Finite(place.LogProb));
            tops.Add(place is null ? null : Top(place, likeliest));
            offsets.Add(offset);
            offset += asIds ? Decoded(id).Length : text.Length;
        }

        return new JsonObject { ["tokens"] = texts, ["token_logprobs"] = logProbs, ["top_logprobs"] = tops, ["text_offset"] = offsets };
    }

    /// <summary>vLLM's prompt_logprobs: null, then for each token {"id": {logprob, rank, decoded_token}} of the likeliest and itself.</summary>
    public JsonArray OfPrompt(IEnumerable<TokenPlace> places, int likeliest) =>
    [
        null,
        .. places.Select(place =>
        {
            var told = new JsonObject();
            foreach ((int i, TokenLogProb other) in place.Likeliest.Take(likeliest).Index())
            {
                told[$"{other.Id}"] = Ranked(other.Id, other.LogProb, i + 1);
            }

            told[$"{place.Id}"] ??= Ranked(place.Id, place.LogProb, place.Rank);
            return told;
        }),
    ];

    private JsonObject Top(TokenPlace place, int likeliest)
    {
        var top = new JsonObject();
        foreach (TokenLogProb other in place.Likeliest.Take(likeliest).Append(new TokenLogProb(place.Id, place.LogProb)))
        {
            top.TryAdd(Text(other.Id), Finite(other.LogProb));
        }

        return top;
    }

    private JsonObject Told(int id, float logProb)
    {
        string text = Text(id);
        return new JsonObject
        {
            ["token"] = text,
            ["logprob"] = Finite(logProb),
            ["bytes"] = new JsonArray([.. System.Text.Encoding.UTF8.GetBytes(asIds ? Decoded(id) : text).Select(one => JsonValue.Create(one))]),
        };
    }

    private JsonObject Ranked(int id, float logProb, int rank) => new() { ["logprob"] = Finite(logProb), ["rank"] = rank, ["decoded_token"] = Decoded(id) };

    private string Text(int id) => asIds ? $"token_id:{id}" : Decoded(id);

    private string Decoded(int id) => tokenizer.Decode([id]);

    private static float Finite(float logProb) => Math.Max(Least, logProb);
}
