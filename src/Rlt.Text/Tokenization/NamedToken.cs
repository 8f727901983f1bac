using System.Text.Json;

namespace Rlt.Text.Tokenization;

/// <summary>A token as a file beside tokenizer.json names it; tokenizer.json may have it or not.</summary>
/// <param name="Token">The token; its id counts only where <see cref="HasId"/>.</param>
/// <param name="HasId">Whether the file says the id.</param>
/// <param name="Place">Where it is named, for messages.</param>
internal sealed record NamedToken(AddedToken Token, bool HasId, JsonPart Place)
{
    /// <summary>Reads a special token, a text or an object with its content; null where there is none.</summary>
    public static NamedToken? Special(JsonPart part)
    {
        if (part.IsNull)
        {
            return null;
        }

        NamedToken token = part.Element.ValueKind == JsonValueKind.Object
            ? new NamedToken(AddedToken.Read(part, id: 0, isSpecial: true, isNormalized: false), HasId: false, part)
            : new NamedToken(new AddedToken(
                0, part.String(), IsSpecial: true, IsNormalized: false, SingleWord: false, StripsLeft: false, StripsRight: false), HasId: false, part);
        return token.Token.Content.Length == 0 ? null : token;
    }

    /// <summary>Reads an entry of added_tokens_decoder, whose name is the id.</summary>
    /// <param name="name">The entry's name.</param>
    /// <param name="part">The entry.</param>
    /// <param name="isSpecial">Whether a token has a role, whatever the entry says.</param>
    public static NamedToken Decoded(string name, JsonPart part, Func<string, bool> isSpecial)
    {
        if (!int.TryParse(name, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int id) || id == int.MaxValue)
        {
            throw part.Fail($"has the name '{name}'; expected a token's id, a whole number from 0 to {int.MaxValue - 1}.");
        }

        bool special = part["special"].BooleanOr(false);
        return new NamedToken(AddedToken.Read(part, id, special || isSpecial(part["content"].String()), isNormalized: !special), HasId: true, part);
    }

    /// <summary>Reads an entry of added_tokens.json, whose name is the token.</summary>
    public static NamedToken Listed(string content, JsonPart part, bool isSpecial) =>
        new(new AddedToken(part.Integer(), content, isSpecial, !isSpecial, SingleWord: false, StripsLeft: false, StripsRight: false), HasId: true, part);
}
