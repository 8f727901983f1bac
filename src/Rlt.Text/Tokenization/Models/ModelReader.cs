namespace Rlt.Text.Tokenization.Models;

/// <summary>Reads the <c>model</c> of tokenizer.json.</summary>
internal static class ModelReader
{
    /// <summary>Reads a model.</summary>
    /// <param name="part">The file's model.</param>
    /// <param name="byteLevel">Whether the text comes to it as bytes written in the byte alphabet.</param>
    public static TokenModel Read(JsonPart part, bool byteLevel)
    {
        if (part.IsNull)
        {
            throw part.Fail("is missing; the file is incomplete.");
        }

        // Files older than the field are byte-pair models if they have merges.
        string type = part["type"].StringOr(part["merges"].IsNull ? "" : "BPE");
        return type switch
        {
            "BPE" => ReadBpe(part, byteLevel),
            "WordLevel" => ReadWordLevel(part),
            _ => throw part["type"].Unsupported("BPE", "WordLevel"),
        };
    }

    private static WordLevelModel ReadWordLevel(JsonPart part)
    {
        part.AllowOnly("type", "vocab", "unk_token");
        return new WordLevelModel(ReadVocabulary(part["vocab"]), part["unk_token"].StringOr("<unk>"));
    }

    private static BpeModel ReadBpe(JsonPart part, bool byteLevel)
    {
        part.AllowOnly(
            "type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback", "ignore_merges", "vocab", "merges");
        var dropout = part["dropout"];
        if (!dropout.IsNull && !(dropout.Element.ValueKind == System.Text.Json.JsonValueKind.Number && dropout.Element.GetDouble() == 0))
        {
            throw dropout.Fail($"is {dropout.Quote()}; dropping merges at random is not supported. Set it to null.");
        }

        foreach (string name in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (part[name].StringOr("").Length > 0)
            {
                throw part[name].Unsupported("null", "\"\"");
            }
        }

        var vocabulary = ReadVocabulary(part["vocab"]);
        var options = new BpeOptions(
            byteLevel,
            part["ignore_merges"].BooleanOr(false),
            part["byte_fallback"].BooleanOr(false),
            ReadUnknown(part["unk_token"], vocabulary, byteLevel),
            part["fuse_unk"].BooleanOr(false));
        return new BpeModel(vocabulary, ReadMerges(part["merges"], vocabulary), options);
    }

    private static Dictionary<string, int> ReadVocabulary(JsonPart part)
    {
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        var tokens = new Dictionary<int, string>();
        foreach (var (token, item) in part.Fields())
        {
            int id = item.Integer();
            if (!vocabulary.TryAdd(token, id))
            {
                throw part.Fail($"has the token '{token}' twice, as {vocabulary[token]} and {id}; tokens must be unique.");
            }

            if (!tokens.TryAdd(id, token))
            {
                throw part.Fail($"has the id {id} twice, for '{tokens[id]}' and '{token}'; ids must be unique.");
            }
        }

        return vocabulary.Count > 0 ? vocabulary : throw part.Fail("has no tokens; the file is incomplete.");
    }

    private static int? ReadUnknown(JsonPart part, Dictionary<string, int> vocabulary, bool byteLevel)
    {
        if (part.IsNull)
        {
            return null;
        }

        // Byte-level models name an unknown token by habit and have no use for it.
        return vocabulary.TryGetValue(part.String(), out int id) ? id
            : byteLevel ? null
            : throw part.Fail($"is {part.Quote()}, which model.vocab does not have.");
    }

    private static BpeMerges ReadMerges(JsonPart part, Dictionary<string, int> vocabulary)
    {
        if (part.IsNull)
        {
            throw part.Fail("is missing; a BPE model needs its merges, even if there are none.");
        }

        var merges = new BpeMerges(part.Element.ValueKind == System.Text.Json.JsonValueKind.Array ? part.Element.GetArrayLength() : 0);
        foreach (var item in part.Items())
        {
            var (left, right) = ReadPair(item);
            merges.Add(IdOf(item, left, vocabulary), IdOf(item, right, vocabulary), IdOf(item, left + right, vocabulary));
        }

        return merges;
    }

    /// <summary>Reads a merge: <c>"a b"</c> or <c>["a", "b"]</c>.</summary>
    private static (string Left, string Right) ReadPair(JsonPart part)
    {
        bool isText = part.Element.ValueKind == System.Text.Json.JsonValueKind.String;
        string[] sides = isText ? part.String().Split(' ') : [.. part.Items().Select(item => item.String())];
        return sides is [var left, var right] && left.Length > 0 && right.Length > 0
            ? (left, right)
            : throw part.Fail($"is {part.Quote()}; expected two tokens, as \"a b\" or [\"a\", \"b\"].");
    }

    private static int IdOf(JsonPart part, string token, Dictionary<string, int> vocabulary) =>
        vocabulary.TryGetValue(token, out int id)
            ? id
            : throw part.Fail($"is {part.Quote()}, but model.vocab has no token '{token}'. The file is damaged or mixed from two.");
}
