using Rlt.Configuration;
using Rlt.Files;
using Rlt.Models.Adapters;
using Rlt.Text.Chat;
using Rlt.Text.Tokenization;

namespace Rlt.Models;

/// <summary>A model directory, loaded: weights, tokenizer and, where it has one, chat template.</summary>
public sealed class LanguageModel : IDisposable
{
    private LanguageModel(ModelText text, Decoder decoder)
    {
        Text = text;
        Decoder = decoder;
    }

    /// <summary>All of it but the weights.</summary>
    public ModelText Text { get; }

    /// <inheritdoc cref="ModelText.Directory"/>
    public string Directory => Text.Directory;

    /// <inheritdoc cref="ModelText.BaseDirectory"/>
    public string BaseDirectory => Text.BaseDirectory;

    /// <inheritdoc cref="ModelText.TokenizerDirectory"/>
    public string TokenizerDirectory => Text.TokenizerDirectory;

    /// <summary>The weights.</summary>
    public Decoder Decoder { get; }

    /// <inheritdoc cref="ModelText.Tokenizer"/>
    public Tokenizer Tokenizer => Text.Tokenizer;

    /// <inheritdoc cref="ModelText.Template"/>
    public ChatTemplate? Template => Text.Template;

    /// <inheritdoc cref="ModelText.StopIds"/>
    public IReadOnlyList<int> StopIds => Text.StopIds;

    /// <summary>
    /// The token by which the texts that the model learns from end a turn; where the model is saved, it is listed as a stop token. Null adds none.
    /// </summary>
    public int? LearnedTurnEnd { get; set; }

    /// <summary>Small files that are written beside the weights wherever the model is saved: their texts by their names.</summary>
    public Dictionary<string, string> FilesBeside { get; } = [];

    /// <summary>Reads a directory onto the configured device: a whole model, or adapters with the base model that they name.</summary>
    public static LanguageModel Load(string directory, DeviceConfig device) => Load(ModelText.Load(directory), device);

    /// <summary>Reads the weights that belong to a text.</summary>
    public static LanguageModel Load(ModelText text, DeviceConfig device)
    {
        Decoder decoder = ModelFiles.Load(text.BaseDirectory, device.ResolveDtype(), device.Resolve());
        try
        {
            if (text.Lora is { } lora)
            {
                AdapterFiles.Attach(decoder, lora, text.Directory);
            }

            return new LanguageModel(text, decoder);
        }
        catch
        {
            decoder.Dispose();
            throw;
        }
    }

    /// <summary>Reads a whole model to train it, or new adapters beside it.</summary>
    /// <inheritdoc cref="LoadToTrain(ModelText, DeviceConfig, LoraConfig?, long)"/>
    public static LanguageModel LoadToTrain(string directory, DeviceConfig device, LoraConfig? lora, long seed) =>
        LoadToTrain(ModelText.Load(directory), device, lora, seed);

    /// <summary>Reads the weights that belong to a text to train them, or new adapters beside them.</summary>
    /// <param name="text">A whole model's.</param>
    /// <param name="device">Where it goes.</param>
    /// <param name="lora">The adapters to train; null trains all weights.</param>
    /// <param name="seed">Seeds the adapters' first weights.</param>
    /// <exception cref="CheckpointException">The directory holds adapters.</exception>
    public static LanguageModel LoadToTrain(ModelText text, DeviceConfig device, LoraConfig? lora, long seed)
    {
        if (text.Lora is not null)
        {
            throw new CheckpointException(
                $"{text.Directory} holds LoRA adapters; training begins at a whole model. Make one first: rlt merge --model {text.Directory} --out DIR");
        }

        LanguageModel model = Load(text, device);
        if (lora is not null)
        {
            model.Decoder.Attach(lora, seed);
        }

        return model;
    }

    /// <summary>The base model, on the same weights. It must be disposed before this one is.</summary>
    public LanguageModel WithoutAdapters() => new(Text.Lora is null ? Text : ModelText.LoadBase(BaseDirectory), Decoder.WithoutAdapters());

    /// <summary>Writes the adapters where there are any, else all weights, beside the tokenizer's files.</summary>
    public void Save(string directory)
    {
        if (Decoder.Adapters is { } adapters)
        {
            AdapterFiles.Save(adapters, directory, BaseDirectory);
            ModelFiles.CopyTokenizer(TokenizerDirectory, directory);
        }
        else
        {
            ModelFiles.Save(Decoder, directory, TokenizerDirectory);
        }

        foreach ((string name, string text) in FilesBeside)
        {
            AtomicFile.WriteText(Path.Combine(directory, name), text);
        }

        if (LearnedTurnEnd is { } end)
        {
            GenerationConfig.AddStop(directory, Decoder.Config.EosTokenIds, end);
        }
    }

    /// <inheritdoc cref="ModelText.RequireTemplate"/>
    public ChatTemplate RequireTemplate() => Text.RequireTemplate();

    /// <inheritdoc/>
    public void Dispose() => Decoder.Dispose();
}
