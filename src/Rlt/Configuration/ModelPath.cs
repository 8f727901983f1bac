namespace Rlt.Configuration;

/// <summary>What was meant by a path that should lead to a model's directory.</summary>
public static class ModelPath
{
    private static readonly string[] ModelFiles = ["config.json", "adapter_config.json", "tokenizer.json"];

    /// <summary>The directory: of a run's folder its finished model; anything else as it is.</summary>
    /// <param name="path">The path as it was given.</param>
    /// <param name="note">Is told where another directory than the given one is meant.</param>
    /// <exception cref="ConfigException">The folder is a run's that has no model, or not yet.</exception>
    public static string Of(string path, Action<string>? note)
    {
        if (!Directory.Exists(path) || ModelFiles.Any(file => File.Exists(Path.Combine(path, file))))
        {
            return path;
        }

        string model = Path.Combine(path, "model");
        if (ModelFiles.Any(file => File.Exists(Path.Combine(model, file))))
        {
            note?.Invoke($"{path} is a run's folder; its model is {model}");
            return model;
        }

        string checkpoints = Path.Combine(path, "checkpoints");
        string? newest = Directory.Exists(checkpoints) ? Directory.EnumerateDirectories(checkpoints, "step-*").Order(StringComparer.Ordinal).LastOrDefault() : null;
        return newest is null
            ? path
            : throw new ConfigException($"{path} is the folder of a run that has no finished model yet; let it finish, or give its newest checkpoint: {newest}");
    }
}
