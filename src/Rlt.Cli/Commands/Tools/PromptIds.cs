using Rlt.Data;
using Rlt.Models;
using Rlt.Text.Tokenization;

namespace Rlt.Cli.Commands.Tools;

/// <summary>The token ids a row means: its <c>ids</c>, or its text, prompt or messages tokenized.</summary>
internal static class PromptIds
{
    /// <exception cref="DataException">The row has none of the fields, no token, too many, or an id outside the vocabulary.</exception>
    public static int[] Of(JsonRow row, LanguageModel model)
    {
        int[] ids = Read(row, model);
        int vocabulary = model.Decoder.Config.VocabularySize;
        if (ids.Length == 0)
        {
            throw row.Problem("no tokens; expected at least one.");
        }

        if (Array.FindIndex(ids, id => id < 0 || id >= vocabulary) is var bad and >= 0)
        {
            throw row.Problem($"ids[{bad}] is {ids[bad]}; expected 0 to {vocabulary - 1} (the model's vocab_size is {vocabulary}).");
        }

        int context = model.Decoder.Config.MaxPositions;
        return ids.Length <= context ? ids : throw row.Problem($"{ids.Length} tokens; the model's max_position_embeddings is {context}.");
    }

    /// <summary>The same of a prompt, which needs room for at least one more token.</summary>
    /// <exception cref="DataException">As <see cref="Of"/>, or the prompt fills the model's context.</exception>
    public static int[] OfPrompt(JsonRow row, LanguageModel model)
    {
        int[] ids = Of(row, model);
        int context = model.Decoder.Config.MaxPositions;
        return ids.Length < context
            ? ids
            : throw row.Problem($"{ids.Length} tokens leave no room to continue; the model's max_position_embeddings is {context}.");
    }

    private static int[] Read(JsonRow row, LanguageModel model)
    {
        if (row.Has("ids"))
        {
            return row.TokenIds("ids");
        }

        if (row.Has("messages"))
        {
            return model.Tokenizer.Encode(ChatText.Render(row, model.Template, model.Directory, generationPromptByDefault: true), addSpecialTokens: false).Ids;
        }

        string? text = row.TextOrNull("text") ?? row.TextOrNull("prompt");
        return text is null ? throw row.Problem("none of 'ids', 'text', 'prompt' and 'messages' is there.") : model.Tokenizer.EncodeWhole(text);
    }
}
