using System.Text.Json.Nodes;
using Rlt.Models.Adapters;
using Rlt.Text.Chat;
using Rlt.Text.Tokenization;

namespace Rlt.Models;

/// <summary>What of a model directory makes and measures texts: tokenizer, chat template and config. Read at once, before any weight.</summary>
public sealed class ModelText
{
    private ModelText(string directory, LoraLayout? lora, string baseDirectory)
    {
        Directory = directory;
        Lora = lora;
        BaseDirectory = baseDirectory;
        Config = ModelConfig.Load(baseDirectory);
        Tokenizer = Tokenizer.Load(TokenizerDirectory, Config.VocabularySize);
        Template = ChatTemplate.TryLoad(TokenizerDirectory);
        TurnEndId = FindTurnEnd();
        StopIds = [.. Config.EosTokenIds
            .Concat(lora is null ? [] : GenerationConfig.StopIds(directory))
            .Concat(new[] { Tokenizer.EosId, TurnEndId }.OfType<int>())
            .Distinct()];
        if (Tokenizer.OwnSize > Config.VocabularySize)
        {
            throw new CheckpointException(
                $"{TokenizerDirectory}: the tokenizer has {Tokenizer.OwnSize} ids, config.json's vocab_size is {Config.VocabularySize}. Is tokenizer.json of another model?");
        }
    }

    /// <summary>Where it was read from.</summary>
    public string Directory { get; }

    /// <summary>The adapters that the directory holds; null for a whole model.</summary>
    public LoraLayout? Lora { get; }

    /// <summary>The whole model's directory; another than <see cref="Directory"/> where that one holds adapters alone.</summary>
    public string BaseDirectory { get; }

    /// <summary>Where the tokenizer's files are; adapters need not come with their own.</summary>
    public string TokenizerDirectory => File.Exists(Path.Combine(Directory, "tokenizer.json")) ? Directory : BaseDirectory;

    /// <summary>The model's shape, the length of its context among it.</summary>
    public ModelConfig Config { get; }

    /// <summary>The tokenizer.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>The chat template; null where the model has none.</summary>
    public ChatTemplate? Template { get; }

    /// <summary>The special token by which the template ends an assistant's turn; null where there is no template, or no such token.</summary>
    public int? TurnEndId { get; }

    /// <summary>
    /// Ids that end a turn: the generation config's, the tokenizer's EOS, and the template's end of the assistant's turn, which need not be the EOS.
    /// </summary>
    public IReadOnlyList<int> StopIds { get; }

    /// <summary>Reads a directory: a whole model's, or adapters' with the base model that they name.</summary>
    /// <exception cref="CheckpointException">A file is not there or cannot be used.</exception>
    public static ModelText Load(string directory)
    {
        (LoraLayout? lora, string baseDirectory) = AdapterFiles.IsAdapter(directory) ? AdapterFiles.ReadConfig(directory) : (null, directory);
        return new ModelText(directory, lora, baseDirectory);
    }

    /// <summary>Reads a whole model's directory, without the adapters that may lie beside it.</summary>
    /// <exception cref="CheckpointException">A file is not there or cannot be used.</exception>
    public static ModelText LoadBase(string directory) => new(directory, null, directory);

    /// <summary>The chat template.</summary>
    /// <exception cref="CheckpointException">The model has none.</exception>
    public ChatTemplate RequireTemplate() => Template
        ?? throw new CheckpointException(
            $"{Directory} has no chat template (chat_template in tokenizer_config.json, or chat_template.jinja); this command needs one.");

    /// <summary>Says which of the setting template_args do nothing: those that the template does not mention.</summary>
    public IEnumerable<string> UnreadArgs(JsonObject? templateArgs) => (templateArgs ?? [])
        .Select(arg => arg.Key)
        .Where(name => Template?.Mentions(name) != true)
        .Select(name => $"template_args.{name} does nothing: the chat template of {TokenizerDirectory} {(Template is null ? "is missing" : "does not read it")}");

    // A template that cannot be rendered here is told of where it is used.
    private int? FindTurnEnd()
    {
        try
        {
            int first = Template?.TurnEnd() is { } end ? Tokenizer.Encode(end.TrimStart(), addSpecialTokens: false).Ids.FirstOrDefault(-1) : -1;
            return first >= 0 && Tokenizer.IsSpecial(first) ? first : null;
        }
        catch (DataException)
        {
            return null;
        }
    }
}
