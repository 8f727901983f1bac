using System.Text.Json.Nodes;
using Rlt.Teaching;
using Rlt.Text.Chat;

namespace Rlt.Tests.Teaching;

public sealed class ChatRendererTests
{
    private const string WithDefaultSystem = """
        {%- if messages[0]['role'] == 'system' %}
            {{- '<|im_start|>system\n' + messages[0]['content'] + '<|im_end|>\n' }}
        {%- else %}
            {{- '<|im_start|>system\nBe helpful.<|im_end|>\n' }}
        {%- endif %}
        {%- for message in messages %}
            {%- if message.role == 'user' or message.role == 'assistant' %}
                {{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>' + '\n' }}
            {%- endif %}
        {%- endfor %}
        {%- if add_generation_prompt %}
            {{- '<|im_start|>assistant\n' }}
        {%- endif %}
        """;

    private const string WithHeaders = """
        {{- bos_token }}
        {%- for message in messages %}
            {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' }}
        {%- endfor %}
        {%- if add_generation_prompt %}
            {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}
        {%- endif %}
        """;

    [Fact]
    public void Prompt_TemplateWithADefaultSystem_UsesItOnlyWithoutOne()
    {
        var chat = new ChatRenderer(ChatTemplate.Parse(WithDefaultSystem, "test"));
        Assert.Equal("<|im_start|>system\nteach<|im_end|>\n<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n", chat.Prompt("teach", "q"));
        Assert.Equal("<|im_start|>system\nBe helpful.<|im_end|>\n<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n", chat.Prompt("", "q"));
        Assert.Equal("<|im_end|>\n", chat.TurnEnd);
    }

    [Fact]
    public void Prompt_TemplateWithHeaders_KeepsItsBeginningAndEnd()
    {
        var chat = new ChatRenderer(ChatTemplate.Parse(WithHeaders, "test", new JsonObject { ["bos_token"] = "<|begin|>" }));
        Assert.Equal(
            "<|begin|><|start_header_id|>system<|end_header_id|>\n\nteach<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nq<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
            chat.Prompt("teach", "q"));
        Assert.Equal("<|eot_id|>", chat.TurnEnd);
    }

    [Fact]
    public void Prompt_QuestionLooksLikeATemplate_IsLeftAsItIs()
    {
        var chat = new ChatRenderer(ChatTemplate.Parse(WithDefaultSystem, "test"));
        Assert.Contains("{{ messages }} {% if %} ASSISTANT-WORDS", chat.Prompt("", "{{ messages }} {% if %} ASSISTANT-WORDS"), StringComparison.Ordinal);
    }

    [Fact]
    public void TurnEnd_TemplateThatDropsThoughts_IsStillFound()
    {
        const string Dropping = "{% for m in messages %}{{ '<' + m.role + '>' + m.content.split('</think>')[-1] + '</' + m.role + '>' }}{% endfor %}{% if add_generation_prompt %}{{ '<assistant>' }}{% endif %}";
        var chat = new ChatRenderer(ChatTemplate.Parse(Dropping, "test"));
        Assert.Equal("</assistant>", chat.TurnEnd);
        var format = new TeachingFormat(TinyDirectory.Format with { ThoughtOpen = "<think>", ThoughtClose = "</think>" }, chat, chat);
        Assert.Equal("<user>q</user><assistant><think>\nwhy</think>\n<s>5</s></assistant>", format.StudentText(new TeachingTask("q", "5"), "why").Text);
    }

    [GoldenTheory("chat_templates/templates.json")]
    [InlineData("deepseek-ai-DeepSeek-R1-Distill-Qwen-32B", "<bos><｜User｜>q<｜Assistant｜>", "<think>\n", "<｜end▁of▁sentence｜>")]
    [InlineData("DeepSeek-V3-lenml", "<bos><｜User｜>q<｜Assistant｜>", "<think>\n", "<｜end▁of▁sentence｜>")]
    [InlineData("Qwen3", "<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n", "<think>\n", "<|im_end|>\n")]
    public void Texts_TemplateThatMayOpenTheThought_HaveTheTagOnceAndTheTeacherNone(string name, string turn, string opened, string end)
    {
        string template = Golden.Json(Golden.Find("chat_templates/templates.json"))[name]!.GetValue<string>();
        var chat = new ChatRenderer(ChatTemplate.Parse(template, name, new JsonObject { ["bos_token"] = "<bos>" }));
        var tags = TinyDirectory.Format with { ThoughtOpen = "<think>", ThoughtClose = "</think>", SolutionOpen = "", SolutionClose = "", Delimiter = "\n\n" };
        var format = new TeachingFormat(tags, chat, chat);
        var task = new TeachingTask("q", "5");
        SpannedText student = format.StudentText(task, "why\n");
        Assert.Equal($"{turn}{opened}why\n</think>\n\n5{end}", student.Text);
        Assert.Equal("why\n", student.Text[student.Explanation.Start..student.Explanation.End]);
        Assert.StartsWith(format.StudentPrompt(task), student.Text, StringComparison.Ordinal);
        Assert.Equal($"{turn}5\n\n<e>\n", format.TeacherPrompt(task));
    }

    [Theory]
    [InlineData("<think>", "a<think>\nwhy</think>\n<s>5</s>.", "a<s>5</s>\n<e>\n")]
    [InlineData("<think>\n", "a<think>\nwhy</think>\n<s>5</s>.", "a<s>5</s>\n<e>\n")]
    [InlineData("<think> ", "a<think> why</think>\n<s>5</s>.", "a<s>5</s>\n<e>\n")]
    [InlineData("<think>\n\n</think>\n\n", "a<think>\n\n</think>\n\n<think>\nwhy</think>\n<s>5</s>.", "a<think>\n\n</think>\n\n<s>5</s>\n<e>\n")]
    public void Texts_GenerationPromptWithTheTag_GoOnAsTheTemplateLeftIt(string opening, string studentText, string teacherPrompt)
    {
        string template = "{% for m in messages %}{% if m.role == 'assistant' %}{{ m.content + '.' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ 'a" + opening.Replace("\n", "\\n", StringComparison.Ordinal) + "' }}{% endif %}";
        var chat = new ChatRenderer(ChatTemplate.Parse(template, "test"));
        var format = new TeachingFormat(TinyDirectory.Format with { ThoughtOpen = "<think>", ThoughtClose = "</think>" }, chat, chat);
        Assert.Equal(studentText, format.StudentText(new TeachingTask("q", "5"), "why").Text);
        Assert.Equal(teacherPrompt, format.TeacherPrompt(new TeachingTask("q", "5")));
    }

    [Fact]
    public void Constructor_TemplateWithoutAssistant_IsRefused()
    {
        ChatTemplate template = ChatTemplate.Parse("{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}{% endif %}{% endfor %}", "test");
        var error = Assert.Throws<CheckpointException>(() => new ChatRenderer(template));
        Assert.Equal("the chat template does not write the assistant's words; a template that does is needed for teaching", error.Message);
    }

    [Fact]
    public void TeacherTexts_RowsOwnPrompts_WinOverTheFormats()
    {
        var chat = new ChatRenderer(ChatTemplate.Parse(TinyDirectory.Template, "test"));
        var format = new TeachingFormat(TinyDirectory.Format with { TeacherSystem = "format's", StudentSystem = "student's" }, chat, chat);
        Assert.StartsWith("<|im_start|>system\nformat's<", format.TeacherPrompt(new TeachingTask("q", "s")), StringComparison.Ordinal);
        Assert.StartsWith("<|im_start|>system\nown<", format.TeacherPrompt(new TeachingTask("q", "s") { TeacherSystem = "own" }), StringComparison.Ordinal);
        Assert.StartsWith("<|im_start|>user\n", format.TeacherPrompt(new TeachingTask("q", "s") { TeacherSystem = "" }), StringComparison.Ordinal);
        Assert.Equal("rendered", format.TeacherPrompt(new TeachingTask("q", "s") { TeacherPrompt = "rendered", TeacherSystem = "own" }));
        Assert.StartsWith("<|im_start|>system\nmine<", format.StudentPrompt(new TeachingTask("q", "s") { StudentSystem = "mine" }), StringComparison.Ordinal);
        Assert.StartsWith("<|im_start|>system\nstudent's<", format.StudentPrompt(new TeachingTask("q", "s")), StringComparison.Ordinal);
    }
}
