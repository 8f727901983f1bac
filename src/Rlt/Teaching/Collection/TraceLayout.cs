using System.Text.Json.Nodes;

namespace Rlt.Teaching.Collection;

/// <summary>The layouts of other trainers in which traces are written.</summary>
public enum TraceLayout
{
    /// <summary>TRL's prompt and completion, both lists of turns.</summary>
    Trl,

    /// <summary>TRL's messages, which many others read too.</summary>
    Messages,

    /// <summary>LLaMA-Factory's sharegpt: conversations of human and gpt.</summary>
    Sharegpt,

    /// <summary>LLaMA-Factory's alpaca: instruction, input and output.</summary>
    Alpaca,

    /// <summary>Bespoke-Stratos: system, and conversations of user and assistant.</summary>
    Stratos,
}

/// <summary>Writes a task with its explanation as a row of another trainer's layout.</summary>
public static class TraceLayouts
{
    /// <summary>The columns of a layout, with what they hold.</summary>
    public static IReadOnlyList<(string Name, string Text)> Columns(TraceLayout layout) => layout switch
    {
        TraceLayout.Trl =>
            [("prompt", "system prompt (where there is one) and question, as turns of role and content"), ("completion", "the assistant's turn")],
        TraceLayout.Messages => [("messages", "system prompt (where there is one), question and the assistant's answer, as turns of role and content")],
        TraceLayout.Alpaca => [("instruction", "the question"), ("input", "empty"), ("output", "the assistant's answer"), ("system", "the system prompt")],
        _ => [("system", "the system prompt"), ("conversations", "question and the assistant's answer, as turns of from and value")],
    };

    /// <summary>A row: the student's system prompt, the question, and thought and solution as its answer.</summary>
    /// <param name="layout">The layout.</param>
    /// <param name="task">A task with an explanation.</param>
    /// <param name="format">The tags.</param>
    public static JsonObject Row(TraceLayout layout, TeachingTask task, PromptFormat format)
    {
        string system = task.StudentSystem ?? format.StudentSystem;
        string answer = format.StudentAnswer(task.Explanation ?? throw new ArgumentException("the task has no explanation", nameof(task)), task.Solution);
        JsonObject[] asked =
            [.. system.Length == 0 ? Array.Empty<JsonObject>() : [Turn("role", "system", "content", system)], Turn("role", "user", "content", task.Question)];
        JsonObject answered = Turn("role", "assistant", "content", answer);
        (string user, string assistant) = layout == TraceLayout.Sharegpt ? ("human", "gpt") : ("user", "assistant");
        return layout switch
        {
            TraceLayout.Trl => new JsonObject { ["prompt"] = new JsonArray([.. asked]), ["completion"] = new JsonArray(answered) },
            TraceLayout.Messages => new JsonObject { ["messages"] = new JsonArray([.. asked, answered]) },
            TraceLayout.Alpaca => new JsonObject { ["instruction"] = task.Question, ["input"] = "", ["output"] = answer, ["system"] = system },
            _ => new JsonObject
            {
                ["system"] = system,
                ["conversations"] = new JsonArray(Turn("from", user, "value", task.Question), Turn("from", assistant, "value", answer)),
            },
        };
    }

    /// <summary>LLaMA-Factory's description of a file in one of its layouts; null for a layout of others.</summary>
    public static JsonObject? FactoryInfo(TraceLayout layout, string file) => layout switch
    {
        TraceLayout.Sharegpt => Info(file, "sharegpt", new JsonObject { ["messages"] = "conversations", ["system"] = "system" }),
        TraceLayout.Alpaca => Info(file, "alpaca", new JsonObject
        {
            ["prompt"] = "instruction", ["query"] = "input", ["response"] = "output", ["system"] = "system",
        }),
        _ => null,
    };

    private static JsonObject Info(string file, string formatting, JsonObject columns) =>
        new() { ["rlt_traces"] = new JsonObject { ["file_name"] = file, ["formatting"] = formatting, ["columns"] = columns } };

    private static JsonObject Turn(string speakerKey, string speaker, string textKey, string text) => new() { [speakerKey] = speaker, [textKey] = text };
}
