namespace Rlt.Text.Tokenization.PostProcessing;

/// <summary>Reads the <c>post_processor</c> of tokenizer.json.</summary>
internal static class PostProcessorReader
{
    private static readonly string[] _supported = ["ByteLevel", "TemplateProcessing", "Sequence"];

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

        switch (part["type"].String())
        {
            case "ByteLevel":
                part.AllowOnly("type", "add_prefix_space", "trim_offsets", "use_regex");
                if (part["trim_offsets"].BooleanOr(true))
                {
                    steps.Add(new TrimOffsetsPostProcessor(part["add_prefix_space"].BooleanOr(true), tokenOf));
                }

                break;
            case "TemplateProcessing":
                part.AllowOnly("type", "single", "pair", "special_tokens");
                steps.Add(ReadTemplate(part, tokenOf));
                break;
            case "Sequence":
                part.AllowOnly("type", "processors");
                steps.AddRange(part["processors"].Items().SelectMany(item => Read(item, tokenOf)));
                break;
            default:
                throw part["type"].Unsupported(_supported);
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
                seenText = !seenText && name.String() == "A" ? true : throw name.Fail($"is {name.Quote()}; expected the text, A, exactly once in a template for single texts.");
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
