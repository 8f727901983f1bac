using Rlt.Text.Chat;
using Rlt.Text.Tokenization;

namespace Rlt.Tests.Samples;

/// <summary>The sample of Rlt.Text's README.</summary>
internal static class TextSample
{
    public static string Run(string modelDirectory)
    {
        // begin
        var tokenizer = Tokenizer.Load(modelDirectory);          // tokenizer.json and the files beside it
        var template = ChatTemplate.TryLoad(modelDirectory);     // null where the model has none

        string prompt = template!.Render(
            [new ChatMessage("user", "Why is the sky blue?")], addGenerationPrompt: true);
        Encoding encoding = tokenizer.Encode(prompt, addSpecialTokens: false);
        for (int i = 0; i < encoding.Ids.Length; i++)
        {
            TextSpan span = encoding.Offsets[i];                 // where in the text the token comes from
            Console.WriteLine($"{encoding.Ids[i]} {prompt[span.Start..span.End]}");
        }

        DecodeStream stream = tokenizer.OpenDecodeStream(skipSpecialTokens: true);
        foreach (int id in encoding.Ids)
        {
            Console.Write(stream.Append(id));                    // text as soon as it is whole
        }

        Console.WriteLine(stream.Finish());
        // end
        return prompt;
    }
}
