using Rlt.Configuration;
using Rlt.Servers;

namespace Rlt.Evaluation.Serving;

/// <summary>Which of an OpenAI-compatible server's two interfaces is asked.</summary>
public enum ServerApi
{
    /// <summary><c>/chat/completions</c>: the server writes the prompt by its model's template.</summary>
    Chat,

    /// <summary><c>/completions</c>: the prompt is written here, by the template of <see cref="ServerConfig.Tokenizer"/>.</summary>
    Completions,
}

/// <summary>An OpenAI-compatible server (vLLM, SGLang, llama.cpp …) that answers instead of the engine in this process.</summary>
public sealed record ServerConfig : ServerAccess
{
    /// <summary>The interface.</summary>
    public ServerApi Api { get; init; } = ServerApi.Chat;

    /// <summary>For completions, the directory with the model's tokenizer files, chat template among them.</summary>
    [ConfigPath(PathKind.Model)]
    public string? Tokenizer { get; init; }

    /// <inheritdoc/>
    public override string Endpoint => Api == ServerApi.Chat ? "/chat/completions" : "/completions";

    /// <inheritdoc/>
    public override IEnumerable<ConfigProblem> Problems() => base.Problems().Concat(Url is not null && (Api == ServerApi.Completions) != (Tokenizer is not null)
        ? [new ConfigProblem(nameof(Tokenizer), Tokenizer is null
            ? "is missing; api: completions needs the directory of the model's tokenizer, whose template writes the prompts"
            : "is set while api is chat, where the server writes the prompts. Leave it out, or set api: completions")]
        : []);
}
