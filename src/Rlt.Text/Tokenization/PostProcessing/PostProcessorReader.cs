namespace Rlt.Text.Tokenization.PostProcessing;

/// <summary>Reads the <c>post_processor</c> of tokenizer.json.</summary>
internal static class PostProcessorReader
{
    private static readonly Dictionary<string, string[]> _fields = new()
    {
        ["ByteLevel"] = ["add_prefix_space", "trim_offsets", "use_regex"],
        ["TemplateProcessing"] = ["single", "pair", "special_tokens"],
        ["Sequence"] = ["processors"],
    };

    /// <summary>Reads the steps; none when there is no post-processor.</summary>
    /// <param name="part">The file's post-processor.</param>
    /// <param name="tokenOf">Gives the token of an id; null for ids that do not exist.</param>
    public static List<PostProcessor> Read(JsonPart part, Func<int, string?> tokenOf)
    {
        var steps = new List<PostProcessor>();
        if (part.IsNull)
        {
            return steps;
        }

        switch (part.TypeOf(_fields))
        {
            case "ByteLevel":
                if (part["trim_offsets"].BooleanOr(true))
                {
                    steps.Add(new TrimOffsetsPostProcessor(part["add_prefix_space"].BooleanOr(true), tokenOf));
                }

                break;
            case "TemplateProcessing":
                steps.Add(ReadTemplate(part, tokenOf));
                break;
            default:
                steps.AddRange(part["processors"].Items().SelectMany(item => Read(item, tokenOf)));
                break;
        }

        return steps;
    }

    private static TemplatePostProcessor ReadTemplate(JsonPart part, Func<int, string?> tokenOf)
    {
        var before = new List<int>();
        var after = new List<int>();
        bool seenText = false;
        foreach (var item in part["single"].Items())
        {
            if (!item["Sequence"].IsNull)
            {
                var name = item["Sequence"]["id"];
                if (seenText || name.String() != "A")
                {
                    throw name.Fail($"is {name.Quote()}; expected the text, A, exactly once in a template for single texts.");
                }

                seenText = true;
            }
            else if (!item["SpecialToken"].IsNull)
            {
                (seenText ? after : before).AddRange(ReadSpecial(part["special_tokens"], item["SpecialToken"]["id"], tokenOf));
            }
            else
            {
                throw item.Fail($"is {item.Quote()}; expected Sequence or SpecialToken.");
            }
        }

        return seenText ? new TemplatePostProcessor(before, after) : throw part["single"].Fail("has no place for the text, {\"Sequence\": {\"id\": \"A\"}}.");
    }

    private static IEnumerable<int> ReadSpecial(JsonPart tokens, JsonPart name, Func<int, string?> tokenOf)
    {
        var token = tokens[name.String()];
        if (token.IsNull)
        {
            throw name.Fail($"is {name.Quote()}, which {tokens.Path} does not describe.");
        }

        foreach (var item in token["ids"].Items())
        {
            int id = item.Integer();
            yield return tokenOf(id) is not null ? id : throw item.Fail($"is {id}, which is no token's id.");
        }
    }
}
