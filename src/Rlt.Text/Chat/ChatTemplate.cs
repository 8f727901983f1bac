using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Rlt.Text.Jinja;

namespace Rlt.Text.Chat;

/// <summary>A model's chat template with the variables its tokenizer gives it. Renders as transformers'
/// <c>apply_chat_template</c> does.</summary>
public sealed class ChatTemplate
{
    private const string DefaultName = "default";
    private const string ToolName = "tool_use";

    private readonly IReadOnlyDictionary<string, JinjaTemplate> _templates;
    private readonly JsonObject _variables;
    private readonly string _origin;
    private readonly string _source;

    private ChatTemplate(IReadOnlyDictionary<string, JinjaTemplate> templates, JsonObject variables, string origin, string source, string? main)
    {
        _source = source;
        Source = main ?? source;
        _templates = templates;
        _variables = variables;
        _origin = origin;
    }

    /// <summary>What <c>strftime_now</c> reads in templates that print the date.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Bounds on one rendering.</summary>
    public JinjaLimits Limits { get; init; } = new();

    /// <summary>The template of a model directory, or null if the model has none.</summary>
    /// <param name="modelDirectory">The directory.</param>
    /// <param name="limits">Bounds on one rendering; null takes the defaults.</param>
    /// <exception cref="CheckpointException">A file is not what it should be, or the template has a syntax error.</exception>
    public static ChatTemplate? TryLoad(string modelDirectory, JinjaLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(modelDirectory);
        var files = ChatTemplateFiles.Read(modelDirectory);
        return files.Templates.Count == 0
            ? null
            : new ChatTemplate(
                files.Templates.ToDictionary(pair => pair.Key, pair => JinjaTemplate.Parse(pair.Value.Source, pair.Value.Origin)),
                files.Variables,
                modelDirectory,
                string.Join('\n', files.Templates.Values.Select(template => template.Source)),
                files.Templates.TryGetValue(DefaultName, out (string Source, string Origin) main) ? main.Source : null) { Limits = limits ?? new JinjaLimits() };
    }

    /// <summary>A template given as text.</summary>
    /// <param name="source">The Jinja text.</param>
    /// <param name="name">What error messages call it.</param>
    /// <param name="variables">Further variables such as bos_token; null for none.</param>
    /// <exception cref="CheckpointException">The template has a syntax error.</exception>
    public static ChatTemplate Parse(string source, string name, JsonObject? variables = null) => new(
        new Dictionary<string, JinjaTemplate> { [DefaultName] = JinjaTemplate.Parse(source, name) },
        variables?.DeepClone().AsObject() ?? [],
        name,
        source,
        source);

    /// <summary>The Jinja text of the template that is used where no tools are given.</summary>
    public string Source { get; }

    /// <summary>Whether the template has a name in it, and may so read a variable of that name.</summary>
    public bool Mentions(string name) => Regex.IsMatch(_source, $@"\b{Regex.Escape(name)}\b");

    /// <summary>The text of a conversation.</summary>
    /// <param name="messages">Objects with role, content and whatever else the template reads.</param>
    /// <param name="addGenerationPrompt">Whether the text ends with the opening of the assistant's next turn.</param>
    /// <param name="tools">Tool definitions; null for none. Given, they choose the template named tool_use if there is one.</param>
    /// <param name="templateArgs">Further variables such as enable_thinking; they win over all others of the same name.</param>
    /// <exception cref="DataException">The template refuses the messages or cannot be rendered with them.</exception>
    public string Render(JsonArray messages, bool addGenerationPrompt, JsonArray? tools = null, JsonObject? templateArgs = null)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var context = _variables.DeepClone().AsObject();
        context["messages"] = messages.DeepClone();
        context["tools"] = tools?.DeepClone();
        context["documents"] = null;
        context["add_generation_prompt"] = addGenerationPrompt;
        foreach (var (name, value) in templateArgs ?? [])
        {
            context[name] = value?.DeepClone();
        }

        return Choose(tools is not null).Render(context, Limits, Clock);
    }

    /// <summary>The text of a conversation of plain messages.</summary>
    /// <inheritdoc cref="Render(JsonArray, bool, JsonArray, JsonObject)"/>
    public string Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return Render(new JsonArray([.. messages.Select(message => message.ToJson())]), addGenerationPrompt);
    }

    /// <summary>What the template writes after the assistant's words, its end-of-turn token included; null where it does not write the words.</summary>
    /// <param name="templateArgs">Further variables.</param>
    /// <exception cref="DataException">The template cannot be rendered with a question and an answer.</exception>
    public string? TurnEnd(JsonObject? templateArgs = null)
    {
        const string words = "ASSISTANT-WORDS";
        var turns = new JsonArray(new ChatMessage("user", "question").ToJson(), new ChatMessage("assistant", words).ToJson());
        string closed = Render(turns, addGenerationPrompt: false, templateArgs: templateArgs);
        int at = closed.LastIndexOf(words, StringComparison.Ordinal);
        return at < 0 ? null : closed[(at + words.Length)..];
    }

    private JinjaTemplate Choose(bool hasTools)
    {
        if (hasTools && _templates.TryGetValue(ToolName, out JinjaTemplate? template))
        {
            return template;
        }

        return _templates.TryGetValue(DefaultName, out template) ? template : throw new CheckpointException(
            $"{_origin}: the chat templates are named {string.Join(", ", _templates.Keys.Order())}; expected one named '{DefaultName}'. Rename the one to use.");
    }
}

/// <summary>One turn of a conversation.</summary>
/// <param name="Role">Who speaks: system, user or assistant.</param>
/// <param name="Content">What is said.</param>
public sealed record ChatMessage(string Role, string Content)
{
    /// <summary>The message as chat templates take it.</summary>
    public JsonObject ToJson() => new() { ["role"] = Role, ["content"] = Content };
}
