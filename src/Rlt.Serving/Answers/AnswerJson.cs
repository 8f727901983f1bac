using System.Text;
using System.Text.Json.Nodes;
using Rlt.Generation;
using Rlt.Serving.Engine;
using Rlt.Serving.Requests;
using Rlt.Text.Tokenization;

namespace Rlt.Serving.Answers;

/// <summary>A request's answer in OpenAI's form: whole, or in the chunks of a stream.</summary>
/// <param name="job">The request and what is drawn for it.</param>
/// <param name="tokenizer">The model's tokenizer.</param>
/// <param name="model">The name that the model is served by.</param>
internal sealed class AnswerJson(Job job, Tokenizer tokenizer, string model)
{
    private readonly ApiRequest _request = job.Request;
    private readonly string _id = $"{(job.Request.IsChat ? "chatcmpl" : "cmpl")}-{Guid.NewGuid():N}";
    private readonly long _created = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
    private readonly TokenLogProbs _logProbs = new(tokenizer, job.Request.TokensAsIds);
    private readonly ChoiceState[] _states = [.. Enumerable.Range(0, job.Request.Prompts.Count * job.Request.Choices).Select(_ => new ChoiceState(
        new AnswerText(tokenizer.OpenDecodeStream(job.Request.SkipSpecialTokens), job.Request.Sampling.StopTexts, job.Request.IncludeStop)))];

    /// <summary>Whether all answers of a stream have ended.</summary>
    public bool HasEnded => _states.All(state => state.HasEnded);

    /// <summary>The whole answer.</summary>
    public JsonObject Whole()
    {
        JsonObject answer = Head(_request.IsChat ? "chat.completion" : "text_completion", [.. _states.Select((_, index) => Choice(index))]);
        answer["usage"] = Usage();
        return answer;
    }

    /// <summary>The chunks by which a stream begins: the assistant's role, or the prompt that is echoed.</summary>
    public IEnumerable<JsonObject> Opening() => !_request.IsChat && !_request.Echo ? [] : _states.Select((state, index) => Chunk(_request.IsChat
        ? new JsonObject { ["index"] = index, ["delta"] = new JsonObject { ["role"] = "assistant", ["content"] = "" }, ["finish_reason"] = null }
        : Text(index, PromptOf(index).Text, state.LogProbs(this, EchoedTokens(index)), null)));

    /// <summary>The chunk of an answer's next tokens; null where there is nothing to send yet.</summary>
    public JsonObject? Next(int index, IEnumerable<DrawnToken> tokens)
    {
        ChoiceState state = _states[index];
        (string text, List<TokenPlace> places) = ("", []);
        foreach (DrawnToken token in tokens)
        {
            text += Added(state, token.Id, token.Finish, token.Place, places);
        }

        if (state.Text.Stop is not null)
        {
            job.Rows[index].Cancel();
        }

        if (text.Length == 0 && places.Count == 0 && !state.HasEnded)
        {
            return null;
        }

        JsonObject? told = _request.LogProbs is null ? null : state.LogProbs(this, places.Select(place => ((int, TokenPlace?))(place.Id, place)));
        if (!_request.IsChat)
        {
            return Chunk(Text(index, text, told, state));
        }

        return Chunk(Ended(new JsonObject { ["index"] = index, ["delta"] = new JsonObject { ["content"] = text }, ["logprobs"] = told }, state));
    }

    /// <summary>The last chunk of a stream, with the counts of tokens.</summary>
    public JsonObject UsageChunk()
    {
        JsonObject chunk = Head(ChunkKind, []);
        chunk["usage"] = Usage();
        return chunk;
    }

    private string ChunkKind => _request.IsChat ? "chat.completion.chunk" : "text_completion";

    private JsonObject Choice(int index)
    {
        ChoiceState state = _states[index];
        SampleRow? row = job.Rows.Count == 0 ? null : job.Rows[index];
        (var text, List<TokenPlace> places) = (new StringBuilder(), []);
        for (int i = 0; i < (row?.Ids.Count ?? 0) && !state.HasEnded; i++)
        {
            bool isLast = i == row!.Ids.Count - 1;
            text.Append(Added(state, row.Ids[i], isLast ? row.Finish : null, row.Likeliest is null ? null : row.Places[i], places));
        }

        state.Finish ??= FinishReason.Length;
        IEnumerable<(int, TokenPlace?)> told = [.. _request.Echo ? EchoedTokens(index) : [], .. places.Select(place => ((int, TokenPlace?))(place.Id, place))];
        JsonObject? logProbs = _request.LogProbs is null ? null : state.LogProbs(this, told);
        if (_request.IsChat)
        {
            var message = new JsonObject { ["role"] = "assistant", ["content"] = text.ToString(), ["refusal"] = null };
            return Ended(new JsonObject { ["index"] = index, ["message"] = message, ["logprobs"] = logProbs }, state);
        }

        JsonObject choice = Text(index, (_request.Echo ? PromptOf(index).Text : "") + text, logProbs, state);
        if (_request.PromptLogProbs is { } likeliest)
        {
            choice["prompt_logprobs"] = _logProbs.OfPrompt(PromptPlaces(index), likeliest);
        }

        return choice;
    }

    // A stop id is no part of the text.
    private string Added(ChoiceState state, int id, FinishReason? finish, TokenPlace? place, List<TokenPlace> places)
    {
        if (state.HasEnded)
        {
            return "";
        }

        bool isStopId = finish == FinishReason.Stop && _request.Sampling.StopIds.Contains(id);
        string text = isStopId ? "" : state.Text.Add(id);
        if (place is not null && !isStopId)
        {
            places.Add(place);
        }

        if (finish is not null)
        {
            text += state.Text.Finish();
        }

        state.Finish = state.Text.Stop is not null ? FinishReason.Stop : finish;
        return text;
    }

    private static JsonObject Text(int index, string text, JsonObject? logProbs, ChoiceState? state) =>
        Ended(new JsonObject { ["index"] = index, ["text"] = text, ["logprobs"] = logProbs }, state);

    private static JsonObject Ended(JsonObject choice, ChoiceState? state)
    {
        choice["finish_reason"] = state?.Finish switch { null => null, FinishReason.Stop => "stop", _ => "length" };
        choice["stop_reason"] = state?.Text.Stop;
        return choice;
    }

    private JsonObject Chunk(JsonObject choice) => Head(ChunkKind, [choice]);

    private JsonObject Head(string kind, JsonObject[] choices) => new()
    {
        ["id"] = _id, ["object"] = kind, ["created"] = _created, ["model"] = model, ["choices"] = new JsonArray([.. choices]),
    };

    private JsonObject Usage()
    {
        (int prompt, int drawn) = (_request.Prompts.Sum(one => one.Ids.Length), job.Rows.Sum(row => row.Ids.Count));
        return new JsonObject { ["prompt_tokens"] = prompt, ["completion_tokens"] = drawn, ["total_tokens"] = prompt + drawn };
    }

    private ApiPrompt PromptOf(int index) => _request.Prompts[index / _request.Choices];

    private TokenPlace[] PromptPlaces(int index) => job.PromptPlaces[index / _request.Choices];

    private IEnumerable<(int Id, TokenPlace? Place)> EchoedTokens(int index) =>
        _request.LogProbs is null ? [] : [(PromptOf(index).Ids[0], null), .. PromptPlaces(index).Select(place => (place.Id, (TokenPlace?)place))];

    /// <summary>How far one answer has been told.</summary>
    private sealed class ChoiceState(AnswerText text)
    {
        private int _offset;

        public AnswerText Text { get; } = text;

        public FinishReason? Finish { get; set; }

        public bool HasEnded => Finish is not null;

        public JsonObject? LogProbs(AnswerJson answer, IEnumerable<(int Id, TokenPlace? Place)> tokens) => answer._request.LogProbs is not { } likeliest ? null
            : answer._request.IsChat ? answer._logProbs.OfChat(tokens, likeliest) : answer._logProbs.OfCompletion(tokens, likeliest, ref _offset);
    }
}
