using System.Text.Json.Nodes;
using Rlt.Cli;
using Rlt.Tests.Data;

namespace Rlt.Tests.Cli;

/// <summary>What a command left behind.</summary>
/// <param name="Exit">The exit code.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Errors">Standard error.</param>
internal sealed record CommandResult(int Exit, string Output, string Errors)
{
    /// <summary>The error's text without the program's name before it.</summary>
    public string Message => Errors.StartsWith("rlt: ", StringComparison.Ordinal) ? Errors["rlt: ".Length..].TrimEnd() : Errors;
}

/// <summary>The commands, run in this process on a scratch directory with two tiny models, data and configs.</summary>
internal sealed class CommandLine : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public CommandLine()
    {
        TinyDirectory.Write(_scratch["model"], seed: 1, scale: 6);
        TinyDirectory.Write(_scratch["student"], seed: 2, scale: 6);
        _scratch.Write("format.yaml", TinyDirectory.FormatYaml);
        _scratch.Write("data.jsonl", """
            {"question": "2 + 3?", "solution": "5", "explanation": "add them", "answer": "5", "id": 1}
            {"question": "4 + 4?", "solution": "8", "explanation": "twice four", "answer": "8", "id": 2}
            {"question": "1 + 6?", "solution": "7", "explanation": "count up", "answer": "7", "id": 3}

            """);
        _scratch.Write("sft.yaml", $"""
            model: {this["model"]}
            data: {this["data.jsonl"]}
            out: {this["run"]}
            format: {this["format.yaml"]}
            steps: 3
            batch_size: 2
            optimizer:
              learning_rate: 1e-3
            device:
              threads: 1

            """);
        _scratch.Write("teacher.yaml", $"""
            model: {this["model"]}
            student: {this["student"]}
            data: {this["data.jsonl"]}
            out: {this["run"]}
            format: {this["format.yaml"]}
            steps: 2
            questions_per_step: 2
            group_size: 2
            max_new_tokens: 5
            optimizer:
              learning_rate: 1e-3
            device:
              threads: 1

            """);
        _scratch.Write("collect.yaml", $"""
            model: {this["model"]}
            data: {this["data.jsonl"]}
            out: {this["run"]}
            format: {this["format.yaml"]}
            max_new_tokens: 5
            device:
              threads: 1

            """);
        _scratch.Write("eval.yaml", $"""
            model: {this["model"]}
            data: {this["data.jsonl"]}
            out: {this["run"]}
            format: {this["format.yaml"]}
            max_new_tokens: 5
            device:
              threads: 1

            """);
    }

    public string this[string name] => _scratch[name];

    public string Write(string name, string text) => _scratch.Write(name, text);

    /// <summary>The rows of a file in the scratch directory.</summary>
    public JsonObject[] Rows(string name) => [.. Golden.Lines(this[name])];

    /// <summary>Runs a command; an argument "@name" stands for that path of the scratch directory.</summary>
    public CommandResult Run(params string[] arguments)
    {
        (TextWriter output, TextWriter errors) = (Console.Out, Console.Error);
        using var writtenOutput = new StringWriter();
        using var writtenErrors = new StringWriter();
        Console.SetOut(writtenOutput);
        Console.SetError(writtenErrors);
        try
        {
            int exit = Program.Main([.. arguments.Select(argument => argument.StartsWith('@') ? this[argument[1..]] : argument)]);
            return new CommandResult(exit, writtenOutput.ToString(), writtenErrors.ToString());
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(errors);
        }
    }

    public void Dispose() => _scratch.Dispose();
}
