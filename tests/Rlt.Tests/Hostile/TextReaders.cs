using System.Text.Json.Nodes;
using Rlt.Text.Chat;
using Rlt.Text.Jinja;
using Rlt.Text.Tokenization;

namespace Rlt.Tests.Hostile;

/// <summary>tokenizer.json and tokenizer_config.json; what is read encodes and decodes a text.</summary>
internal sealed class TokenizerReader(string name, byte[] tokenizer, byte[] config, int weight) : HostileReader
{
    public override IReadOnlyDictionary<string, byte[]> Files { get; } = new Dictionary<string, byte[]> { ["tokenizer.json"] = tokenizer, ["tokenizer_config.json"] = config };

    public override int Weight => weight;

    public override string ToString() => name;

    public override void Read(string directory)
    {
        var read = Tokenizer.Load(directory);
        _ = read.Decode(read.Encode("Hello  world 123, <|im_start|>é\u0301 \ud83d\ude00 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n\n x").Ids);
    }
}

/// <summary>A chat template, rendered.</summary>
internal sealed class TemplateReader(string source) : HostileReader
{
    public override IReadOnlyDictionary<string, byte[]> Files { get; } = new Dictionary<string, byte[]>
    {
        ["chat_template.jinja"] = System.Text.Encoding.UTF8.GetBytes(source),
        ["tokenizer_config.json"] = """{"eos_token":"<|im_end|>","bos_token":{"content":"<s>"},"additional_special_tokens":["a",{"content":"b"}],"extra_special_tokens":{"image_token":"i"}}"""u8.ToArray(),
    };

    public override void Read(string directory)
    {
        ChatTemplate template = ChatTemplate.TryLoad(directory, new JinjaLimits { MaxSteps = 100_000, MaxCharacters = 1_000_000 })!;
        JsonArray messages = [new ChatMessage("system", "be brief").ToJson(), new ChatMessage("user", "hi").ToJson(), new ChatMessage("assistant", "<think>\nx\n</think>\n\nyo").ToJson()];
        _ = template.Render(messages, addGenerationPrompt: true);
    }
}
