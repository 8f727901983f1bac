using System.Text.Json.Nodes;
using Rlt.Text.Chat;

namespace Rlt.Tests.Text.Chat;

public sealed class ChatTemplateTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("rlt-chat").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [GoldenFact("models/qwen2_teacher/tokenizer_config.json")]
    public void TryLoad_TinyQwenModel_RendersItsConversation()
    {
        ChatTemplate template = ChatTemplate.TryLoad(Golden.Find("models/qwen2_teacher"))!;

        string text = template.Render([new ChatMessage("system", "Be brief."), new ChatMessage("user", "Hi")], addGenerationPrompt: true);

        Assert.Equal("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", text);
    }

    [Fact]
    public void TryLoad_DirectoryWithoutTemplate_IsNull()
    {
        Write("tokenizer_config.json", """{"bos_token": "<s>"}""");

        Assert.Null(ChatTemplate.TryLoad(_directory));
    }

    [Fact]
    public void TryLoad_EmptyDirectory_IsNull() => Assert.Null(ChatTemplate.TryLoad(_directory));

    [Fact]
    public void Render_SpecialTokens_ComeFromTheTokenizersFiles()
    {
        Write("tokenizer_config.json", """
            {"bos_token": {"content": "<s>", "lstrip": false}, "eos_token": null, "extra_special_tokens": {"image_token": "<img>"},
             "chat_template": "{{ bos_token }}|{{ eos_token }}|{{ pad_token is defined }}|{{ image_token }}|{{ tools is none }}|{{ documents is none }}"}
            """);
        Write("special_tokens_map.json", """{"bos_token": "<other>", "eos_token": "</s>"}""");

        Assert.Equal("<s>|</s>|False|<img>|True|True", ChatTemplate.TryLoad(_directory)!.Render([], addGenerationPrompt: false, null, null));
    }

    [Fact]
    public void Render_NamedTemplates_ToolsChooseToolUse()
    {
        Write("tokenizer_config.json", """
            {"chat_template": [{"name": "default", "template": "plain"}, {"name": "tool_use", "template": "{{ tools | length }} tools"}]}
            """);
        ChatTemplate template = ChatTemplate.TryLoad(_directory)!;

        Assert.Equal("plain", template.Render([], addGenerationPrompt: false, null, null));
        Assert.Equal("1 tools", template.Render([], addGenerationPrompt: false, new JsonArray(new JsonObject())));
    }

    [Fact]
    public void Render_NoDefaultTemplate_SaysWhichNamesThereAre()
    {
        Write("tokenizer_config.json", """{"chat_template": [{"name": "rag", "template": "x"}]}""");

        var error = Assert.Throws<CheckpointException>(() => ChatTemplate.TryLoad(_directory)!.Render([], addGenerationPrompt: false, null, null));

        Assert.Contains("the chat templates are named rag; expected one named 'default'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TryLoad_JinjaFile_WinsOverConfig()
    {
        Write("tokenizer_config.json", """{"chat_template": "config", "bos_token": "<s>"}""");
        Write("chat_template.jinja", "{{ bos_token }}file\n");
        Directory.CreateDirectory(Path.Combine(_directory, "additional_chat_templates"));
        Write("additional_chat_templates/tool_use.jinja", "tools");
        ChatTemplate template = ChatTemplate.TryLoad(_directory)!;

        Assert.Equal("<s>file", template.Render([], addGenerationPrompt: false, null, null));
        Assert.Equal("tools", template.Render([], addGenerationPrompt: false, []));
    }

    [Fact]
    public void TryLoad_ProcessorJson_IsUsedWhereNothingElseIs()
    {
        Write("chat_template.json", """{"chat_template": "processor"}""");

        Assert.Equal("processor", ChatTemplate.TryLoad(_directory)!.Render([], addGenerationPrompt: false, null, null));
    }

    [Theory]
    [InlineData("""{"chat_template": 3}""", "chat_template is of kind Number; expected a text or a list of named texts")]
    [InlineData("""{"chat_template": [{"name": "default"}]}""", "an entry of chat_template is")]
    [InlineData("[]", "the file does not hold a JSON object")]
    [InlineData("{", "the file is not JSON")]
    [InlineData("""{"chat_template": "{% if x %}"}""", "tokenizer_config.json:1: template syntax")]
    public void TryLoad_BadConfig_SaysWhatIsWrong(string config, string message)
    {
        Write("tokenizer_config.json", config);

        var error = Assert.Throws<CheckpointException>(() => ChatTemplate.TryLoad(_directory));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains("tokenizer_config.json", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_TemplateArguments_ReachTheTemplateAndLeaveTheInputAlone()
    {
        ChatTemplate template = ChatTemplate.Parse("{{ bos_token }}{{ enable_thinking }}{{ messages[0].content }}", "t", new JsonObject { ["bos_token"] = "<s>" });
        var messages = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "x" });
        var arguments = new JsonObject { ["enable_thinking"] = false };

        Assert.Equal("<s>Falsex", template.Render(messages, addGenerationPrompt: true, null, arguments));
        Assert.Equal("<s>Falsex", template.Render(messages, addGenerationPrompt: true, null, arguments));
        Assert.Equal("""[{"role":"user","content":"x"}]""", messages.ToJsonString());
    }

    [Fact]
    public void Render_NumbersOfArguments_KeepTheirKind()
    {
        ChatTemplate template = ChatTemplate.Parse("{{ a }} {{ b }} {{ c }} {{ d }}", "t");
        JsonObject arguments = JsonNode.Parse("""{"a": 2.0, "b": 2}""")!.AsObject();
        arguments["c"] = 2.0;
        arguments["d"] = 2;

        Assert.Equal("2.0 2 2.0 2", template.Render([], addGenerationPrompt: false, null, arguments));
    }

    [Fact]
    public void Render_RaiseException_IsADataErrorWithItsText()
    {
        ChatTemplate template = ChatTemplate.Parse("\n{{ raise_exception('Only user turns, please') }}", "my-model");

        var error = Assert.Throws<DataException>(() => template.Render([new ChatMessage("user", "x")], addGenerationPrompt: true));

        Assert.Equal("my-model:2: Only user turns, please", error.Message);
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_directory, name), text);
}
