using System.Text.Json;
using System.Text.Json.Nodes;
using Rlt.Generation;
using Rlt.Models;

namespace Rlt.Serving.Requests;

/// <summary>
/// Reads requests in OpenAI's form, with vLLM's further fields top_k, prompt_logprobs, skip_special_tokens, include_stop_str_in_output, ignore_eos,
/// stop_token_ids, add_special_tokens and chat_template_kwargs.
/// </summary>
/// <param name="model">Tokenizer, template and context of the served model.</param>
/// <param name="name">The name that it is served by.</param>
/// <param name="mostChoices">Answers to one request at most.</param>
internal sealed class RequestReader(ModelText model, string name, int mostChoices)
{
    private const int MostLikeliest = 20;
    private const int MostStops = 16;
    private const int DefaultCompletion = 16;

    // Fields that change nothing of an answer.
    private static readonly string[] Ignored = ["user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "parallel_tool_calls"];

    /// <summary>Reads a request.</summary>
    /// <exception cref="ApiException">It cannot be answered.</exception>
    public ApiRequest Read(byte[] body, bool isChat)
    {
        var fields = new RequestFields(body);
        if (fields.Text("model") is { } asked && asked != name)
        {
            throw new ApiException(404, "model_not_found", $"the model '{asked}' is not served here; '{name}' is", "model");
        }

        ApiRequest request = Options(fields, isChat) with { Prompts = isChat ? [Chat(fields)] : Prompts(fields) };
        Refuse(fields, request.Choices);
        fields.RequireAllTaken();
        return Checked(request);
    }

    private ApiRequest Options(RequestFields fields, bool isChat)
    {
        int[] stopIds = fields.Take("stop_token_ids") is { } ids ? Ids(ids, "stop_token_ids") : [];
        bool stream = fields.Flag("stream") ?? false;
        int? mostOld = (int?)fields.Whole("max_tokens", 0, int.MaxValue), most = (int?)fields.Whole("max_completion_tokens", 0, int.MaxValue) ?? mostOld;
        return new ApiRequest
        {
            IsChat = isChat,
            Prompts = [],
            Sampling = new SamplingOptions
            {
                Temperature = fields.Number("temperature", 0, 100) ?? 1,
                TopP = fields.Number("top_p", double.Epsilon, 1) ?? 1,
                TopK = (int)Math.Max(0, fields.Whole("top_k", -1, int.MaxValue) ?? 0),
                StopTexts = fields.Texts("stop", MostStops),
                StopIds = fields.Flag("ignore_eos") == true ? stopIds : [.. model.StopIds, .. stopIds],
            },
            Choices = (int)(fields.Whole("n", 1, mostChoices) ?? 1),
            MaxTokens = most ?? (isChat ? null : DefaultCompletion),
            Seed = fields.Whole("seed", long.MinValue, long.MaxValue),
            LogProbs = isChat ? ChatLogProbs(fields) : (int?)fields.Whole("logprobs", 0, MostLikeliest),
            PromptLogProbs = isChat ? null : (int?)fields.Whole("prompt_logprobs", 0, MostLikeliest),
            Echo = !isChat && fields.Flag("echo") == true,
            Stream = stream,
            StreamUsage = fields.Take("stream_options") is { } options && StreamUsage(options),
            SkipSpecialTokens = fields.Flag("skip_special_tokens") ?? true,
            TokensAsIds = fields.Flag("return_tokens_as_token_ids") ?? false,
            IncludeStop = fields.Flag("include_stop_str_in_output") ?? false,
        };
    }

    private static int? ChatLogProbs(RequestFields fields)
    {
        (bool told, long? likeliest) = (fields.Flag("logprobs") == true, fields.Whole("top_logprobs", 0, MostLikeliest));
        return told ? (int)(likeliest ?? 0)
            : likeliest is null ? null : throw ApiException.Field("top_logprobs", "is set without logprobs; expected logprobs: true beside it");
    }

    private static bool StreamUsage(JsonElement options) => options.ValueKind == JsonValueKind.Object && options.EnumerateObject().All(IsKnown)
        ? options.TryGetProperty("include_usage", out JsonElement usage) && usage.ValueKind == JsonValueKind.True
        : throw RequestFields.Wrong("stream_options", options, "an object with include_usage: true or false");

    private static bool IsKnown(JsonProperty option) =>
        option.Name is "include_usage" && option.Value.ValueKind is JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null;

    private static void Refuse(RequestFields fields, int choices)
    {
        foreach (string field in Ignored)
        {
            fields.Take(field);
        }

        foreach (string penalty in (string[])["frequency_penalty", "presence_penalty", "min_p", "min_tokens"])
        {
            fields.Neutral(penalty, "0", value => value.ValueKind == JsonValueKind.Number && value.GetDouble() == 0);
        }

        fields.Neutral("repetition_penalty", "1", value => value.ValueKind == JsonValueKind.Number && value.GetDouble() == 1);
        fields.Neutral("best_of", "n", value => value.ValueKind == JsonValueKind.Number && value.GetDouble() == choices);
        fields.Neutral("logit_bias", "{}", value => value.ValueKind == JsonValueKind.Object && value.GetPropertyCount() == 0);
        fields.Neutral("tools", "[]", value => value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0);
        fields.Neutral("tool_choice", "none", value => value.ValueKind == JsonValueKind.String && value.GetString() is "none" or "auto");
        fields.Neutral("response_format", "{\"type\": \"text\"}", value => value.ValueKind == JsonValueKind.Object
            && value.TryGetProperty("type", out JsonElement type) && type.ValueKind == JsonValueKind.String && type.GetString() == "text");
    }

    private ApiPrompt Chat(RequestFields fields)
    {
        JsonElement messages = fields.Take("messages") ?? throw ApiException.Field("messages", "is missing; expected a list of {role, content}");
        if (messages.ValueKind != JsonValueKind.Array || messages.GetArrayLength() == 0
            || messages.EnumerateArray().Any(turn => turn.ValueKind != JsonValueKind.Object))
        {
            throw RequestFields.Wrong("messages", messages, "a list of {role, content}");
        }

        JsonObject? args = fields.Take("chat_template_kwargs") is not { } given ? null
            : given.ValueKind == JsonValueKind.Object ? JsonObject.Create(given) : throw RequestFields.Wrong("chat_template_kwargs", given, "an object");
        if (model.Template is not { } template)
        {
            throw new ApiException(400, "no_chat_template", $"the model '{name}' has no chat template; ask /v1/completions instead");
        }

        try
        {
            string text = template.Render(new JsonArray([.. messages.EnumerateArray().Select(Turn)]), addGenerationPrompt: true, templateArgs: args);
            return new ApiPrompt(model.Tokenizer.Encode(text, fields.Flag("add_special_tokens") ?? false).Ids, text);
        }
        catch (DataException error)
        {
            throw ApiException.Field("messages", $"cannot be rendered by the model's chat template: {error.Message}");
        }
    }

    // Content in parts becomes one text.
    private static JsonNode Turn(JsonElement turn, int index)
    {
        JsonObject message = JsonObject.Create(turn)!;
        if (!turn.TryGetProperty("role", out JsonElement role) || role.ValueKind != JsonValueKind.String)
        {
            throw ApiException.Field($"messages[{index}].role", "is missing, or no text; expected system, user or assistant");
        }

        JsonElement content = turn.TryGetProperty("content", out JsonElement given) ? given : default;
        message["content"] = content.ValueKind switch
        {
            JsonValueKind.String => content.GetString(),
            JsonValueKind.Array => string.Concat(content.EnumerateArray().Select(part => PartText(part, index))),
            _ => throw ApiException.Field($"messages[{index}].content", "is missing, or no text; expected a text, or a list of parts of type text"),
        };
        return message;
    }

    private static string PartText(JsonElement part, int index) =>
        part.ValueKind == JsonValueKind.Object && part.TryGetProperty("type", out JsonElement type) && type.ValueKind == JsonValueKind.String
        && type.GetString() == "text" && part.TryGetProperty("text", out JsonElement text) && text.ValueKind == JsonValueKind.String
            ? text.GetString()!
            : throw RequestFields.Wrong($"messages[{index}].content", part, "parts of type text alone");

    private ApiPrompt[] Prompts(RequestFields fields)
    {
        JsonElement prompt = fields.Take("prompt") ?? throw ApiException.Field("prompt", "is missing; expected a text, token ids, or a list of either");
        bool special = fields.Flag("add_special_tokens") ?? true;
        bool isOne = prompt.ValueKind == JsonValueKind.String
            || (prompt.ValueKind == JsonValueKind.Array && prompt.GetArrayLength() > 0 && prompt[0].ValueKind == JsonValueKind.Number);
        JsonElement[] prompts = isOne ? [prompt] : prompt.ValueKind == JsonValueKind.Array ? [.. prompt.EnumerateArray()] : [];
        return prompts.Length == 0
            ? throw RequestFields.Wrong("prompt", prompt, "a text, token ids, or a list of either")
            : [.. prompts.Select(one => Prompt(one, special))];
    }

    private ApiPrompt Prompt(JsonElement prompt, bool special)
    {
        if (prompt.ValueKind != JsonValueKind.String)
        {
            int[] ids = Ids(prompt, "prompt");
            return new ApiPrompt(ids, model.Tokenizer.Decode(ids));
        }

        try
        {
            return new ApiPrompt(model.Tokenizer.Encode(prompt.GetString()!, special).Ids, prompt.GetString()!);
        }
        catch (DataException error)
        {
            throw ApiException.Field("prompt", $"cannot be tokenized: {error.Message}");
        }
    }

    private int[] Ids(JsonElement list, string field)
    {
        int vocabulary = model.Config.VocabularySize;
        return list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out int id) && id >= 0 && id < vocabulary
                ? id : throw RequestFields.Wrong(field, item, $"token ids of 0 to {vocabulary - 1}"))]
            : throw RequestFields.Wrong(field, list, $"a list of token ids of 0 to {vocabulary - 1}");
    }

    private ApiRequest Checked(ApiRequest request)
    {
        string field = request.IsChat ? "messages" : "prompt";
        if (request.Prompts.Count * request.Choices > mostChoices)
        {
            throw ApiException.Field(
                "n", $"and prompt ask for {request.Prompts.Count * request.Choices} answers; expected {mostChoices} in one request at most");
        }

        if (request.MaxTokens == 0 && request.ScoresPrompt is null)
        {
            throw ApiException.Field("max_tokens", "is 0, which asks for nothing; expected at least 1, or echo with logprobs, or prompt_logprobs");
        }

        if (request is { Stream: true, PromptLogProbs: not null })
        {
            throw ApiException.Field("prompt_logprobs", "is asked for with stream; expected one of the two");
        }

        int context = model.Config.MaxPositions;
        foreach (ApiPrompt prompt in request.Prompts)
        {
            int length = prompt.Ids.Length, most = context - length;
            if (length == 0)
            {
                throw ApiException.Field(field, "has no token; expected at least one");
            }

            if (most < (request.MaxTokens ?? 1))
            {
                throw new ApiException(400, "context_length_exceeded", $"the model's context length is {context} tokens; {field} has {length} and "
                    + $"{request.MaxTokens ?? 1} are asked for. Shorten it, or lower max_tokens to {Math.Max(0, most)}", field);
            }
        }

        return request;
    }
}
