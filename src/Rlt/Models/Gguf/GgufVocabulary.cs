using System.Text.Json;
using System.Text.RegularExpressions;
using Rlt.Text.Tokenization;

namespace Rlt.Models.Gguf;

/// <summary>The tokenizer as GGUF metadata: tokens, their types, merges or scores, special tokens and chat template.</summary>
/// <remarks>
/// GGUF knows a byte-level tokenizer by the name of its splitting pattern, and a SentencePiece one by scores of its tokens; what neither can say is refused.
/// </remarks>
internal static partial class GgufVocabulary
{
    private const string Contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)", Rest = @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Qwen = Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}" + Rest;
    private const string Llama3 = Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}" + Rest;

    // The values of llama.cpp's token types.
    private const int Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6;

    /// <summary>The metadata.</summary>
    /// <exception cref="CheckpointException">GGUF cannot say what the tokenizer does.</exception>
    public static IReadOnlyList<(string Key, object Value)> Metadata(ModelText text)
    {
        string file = Path.Combine(text.TokenizerDirectory, "tokenizer.json");
        JsonElement root = StrictJson.Parse(WholeFile.Bytes(file)), model = root.GetProperty("model");
        if (!model.TryGetProperty("merges", out JsonElement mergeList) || mergeList.ValueKind != JsonValueKind.Array)
        {
            throw Refused(file, "it is no byte-pair model");
        }

        (string Left, string Right)[] merges = [.. mergeList.EnumerateArray().Select(Merge)];
        Dictionary<string, int> own = model.GetProperty("vocab").EnumerateObject().ToDictionary(token => token.Name, token => token.Value.GetInt32());
        JsonElement[] splits = Steps(root, "pre_tokenizer", "pretokenizers");
        bool isByteLevel = splits.Any(step => TypeOf(step) == "ByteLevel");
        string? unknown = Said(model, "unk_token");
        string[] tokens = [.. Enumerable.Range(0, text.Config.VocabularySize).Select(id => text.Tokenizer.IdToToken(id) ?? $"[PAD{id}]")];
        HashSet<int> added = root.TryGetProperty("added_tokens", out JsonElement list) && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Select(token => token.GetProperty("id").GetInt32())] : [];
        int[] types = [.. tokens.Select((token, id) => text.Tokenizer.IdToToken(id) is null ? Unused
            : !isByteLevel && token == unknown ? Unknown
            : text.Tokenizer.IsSpecial(id) ? Control
            : added.Contains(id) || !own.ContainsKey(token) ? UserDefined
            : !isByteLevel && ByteToken().IsMatch(token) ? Byte : Normal)];
        return
        [
            .. isByteLevel ? ByteLevel(file, root, model, splits, merges) : SentencePiece(file, root, splits, merges, own, tokens),
            ("tokenizer.ggml.tokens", tokens), ("tokenizer.ggml.token_type", types), .. Special(text, unknown),
        ];
    }

    private static IEnumerable<(string Key, object Value)> ByteLevel(
        string file, JsonElement root, JsonElement model, JsonElement[] splits, (string Left, string Right)[] merges)
    {
        string pattern = string.Join(" then ", splits.Select(step => TypeOf(step) switch
        {
            "Split" => step.GetProperty("pattern").TryGetProperty("Regex", out JsonElement regex) ? regex.GetString() : "a text",
            "ByteLevel" when Flag(step, "add_prefix_space", orElse: true) => "a space before the text",
            "ByteLevel" => Flag(step, "use_regex", orElse: true) ? "GPT-2's" : "",
            "Digits" => Flag(step, "individual_digits", orElse: false) ? "digits" : "numbers",
            var type => type,
        }).Where(said => !string.IsNullOrEmpty(said)));
        bool ignoresMerges = Flag(model, "ignore_merges", orElse: false);
        string? name = pattern switch
        {
            Qwen when !ignoresMerges => "qwen2",
            Llama3 => ignoresMerges ? "llama-bpe" : "dbrx",
            "GPT-2's" when !ignoresMerges => "gpt-2",
            "digits then GPT-2's" when !ignoresMerges => "smollm",
            _ => null,
        };
        if (name is null || Steps(root, "normalizer", "normalizers").Any(step => TypeOf(step) != "NFC"))
        {
            throw Refused(file, name is null ? $"llama.cpp has no name for how it splits texts ({pattern}{(ignoresMerges ? ", with ignore_merges" : "")})"
                : "it changes texts before they are split");
        }

        // A merge's parts are separated by a space, which none of them has.
        return [("tokenizer.ggml.model", "gpt2"), ("tokenizer.ggml.pre", name),
            ("tokenizer.ggml.merges", merges.Select(merge => $"{merge.Left} {merge.Right}").ToArray())];
    }

    // SentencePiece merges whichever neighbours make the token of the highest score, so a token's merges must all have the token's own rank.
    private static IEnumerable<(string Key, object Value)> SentencePiece(
        string file, JsonElement root, JsonElement[] splits, (string Left, string Right)[] merges, Dictionary<string, int> own, string[] tokens)
    {
        JsonElement[] normalizers = Steps(root, "normalizer", "normalizers");
        bool isMarked = normalizers.Any(step => TypeOf(step) == "Replace" && Said(step, "content") == "▁") || splits.Any(step => TypeOf(step) == "Metaspace");
        bool others = normalizers.Any(step => TypeOf(step) is not ("Prepend" or "Replace"))
            || splits.Any(step => TypeOf(step) is not ("Metaspace" or "Split")
                || (TypeOf(step) == "Split" && Said(step.GetProperty("pattern"), "String") != " "));
        if (!isMarked || others)
        {
            throw Refused(file, "it is neither byte-level nor as SentencePiece has it (spaces as ▁)");
        }

        var ranks = new Dictionary<string, int>(StringComparer.Ordinal);
        string? last = null;
        foreach ((string left, string right) in merges)
        {
            string merged = left + right;
            if (merged != last && !ranks.TryAdd(merged, ranks.Count))
            {
                throw Refused(file, $"its merges make '{merged}' at two ranks, which scores of tokens cannot say");
            }

            last = merged;
        }

        HashSet<(string, string)> known = [.. merges];
        foreach (string token in ranks.Keys)
        {
            for (int at = 1; at < token.Length; at++)
            {
                if (!known.Contains((token[..at], token[at..])) && own.ContainsKey(token[..at]) && own.ContainsKey(token[at..]))
                {
                    throw Refused(file, $"'{token[..at]}' and '{token[at..]}' do not merge "
                        + "although both are tokens, and so is the whole; scores of tokens cannot say that");
                }
            }
        }

        bool prefix = normalizers.Any(step => TypeOf(step) == "Prepend")
            || splits.Any(step => TypeOf(step) == "Metaspace" && Said(step, "prepend_scheme") != "never");
        return
        [
            ("tokenizer.ggml.model", "llama"), ("tokenizer.ggml.pre", "default"), ("tokenizer.ggml.add_space_prefix", prefix),
            ("tokenizer.ggml.scores", tokens.Select(token => ranks.TryGetValue(token, out int rank) ? -(float)rank : -1e6f).ToArray()),
        ];
    }

    private static List<(string Key, object Value)> Special(ModelText text, string? unknown)
    {
        Tokenizer tokenizer = text.Tokenizer;
        int? begin = tokenizer.BosId ?? text.Config.BosTokenId;
        int[] eos = [.. text.Config.EosTokenIds];
        int? end = tokenizer.EosId ?? (eos.Length > 0 ? eos[0] : null);
        int[] written = tokenizer.Encode("a").Ids;
        var pairs = new List<(string, object)>();
        Add("bos", begin);
        Add("eos", end);
        Add("eot", text.TurnEndId ?? eos.Cast<int?>().FirstOrDefault(id => id != end));
        Add("unknown", unknown is null ? null : tokenizer.TokenToId(unknown));
        Add("padding", tokenizer.PadId);
        pairs.Add(("tokenizer.ggml.add_bos_token", begin is not null && written[0] == begin));
        pairs.Add(("tokenizer.ggml.add_eos_token", end is not null && written[^1] == end));
        if (text.Template is { } template)
        {
            pairs.Add(("tokenizer.chat_template", template.Source));
        }

        return pairs;

        void Add(string role, int? id)
        {
            if (id is { } known)
            {
                pairs.Add(($"tokenizer.ggml.{role}_token_id", (uint)known));
            }
        }
    }

    // The tokenizer has read the file before: a merge is two tokens, in one of two notations.
    private static (string Left, string Right) Merge(JsonElement merge)
    {
        string[] sides = merge.ValueKind == JsonValueKind.String ? merge.GetString()!.Split(' ')
            : [.. merge.EnumerateArray().Select(side => side.GetString()!)];
        return (sides[0], sides[1]);
    }

    private static JsonElement[] Steps(JsonElement root, string key, string listKey) =>
        !root.TryGetProperty(key, out JsonElement step) || step.ValueKind != JsonValueKind.Object ? []
            : step.TryGetProperty(listKey, out JsonElement steps) ? [.. steps.EnumerateArray()] : [step];

    private static string? TypeOf(JsonElement step) => Said(step, "type");

    private static string? Said(JsonElement step, string key) =>
        step.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static bool Flag(JsonElement step, string key, bool orElse) =>
        step.TryGetProperty(key, out JsonElement value) && value.ValueKind is (JsonValueKind.True or JsonValueKind.False) ? value.GetBoolean() : orElse;

    private static CheckpointException Refused(string file, string why) => new($"{file}: GGUF cannot tell this tokenizer: {why}.");

    [GeneratedRegex("^<0x[0-9A-F]{2}>$")]
    private static partial Regex ByteToken();
}
