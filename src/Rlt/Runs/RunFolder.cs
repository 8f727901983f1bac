using System.Text.Json.Nodes;
using Rlt.Data;

namespace Rlt.Runs;

/// <summary>A run's directory: the resolved config, metrics.jsonl, checkpoints, and the finished model.</summary>
public sealed class RunFolder
{
    /// <summary>The file of the resolved config in a run's directory.</summary>
    public const string ConfigFile = "config.yaml";

    private RunFolder(string path) => Path = path;

    /// <summary>The directory.</summary>
    public string Path { get; }

    /// <summary>Where the finished model is written.</summary>
    public string Model => System.IO.Path.Combine(Path, "model");

    /// <summary>One JSON object a step.</summary>
    public string Metrics => System.IO.Path.Combine(Path, "metrics.jsonl");

    /// <summary>Texts that the run sampled, each with its step; not every run has them.</summary>
    public string Samples => System.IO.Path.Combine(Path, "samples.jsonl");

    /// <summary>Whether the run has ended and its model is whole.</summary>
    public bool IsFinished => Directory.Exists(Model);

    /// <summary>The log file.</summary>
    public string Log => System.IO.Path.Combine(Path, "log.txt");

    /// <summary>Opens a run: a new directory, or one whose earlier run had the same config and goes on.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="resolvedConfig">The config as YAML, defaults included.</param>
    /// <exception cref="ConfigException">The directory holds a run of another config, or other files.</exception>
    public static RunFolder Open(string path, string resolvedConfig)
    {
        string config = System.IO.Path.Combine(path, ConfigFile);
        if (File.Exists(config))
        {
            string earlier = File.ReadAllText(config);
            if (earlier != resolvedConfig)
            {
                throw new ConfigException(
                    $"{path} holds a run with another config ({FirstDifference(earlier, resolvedConfig)}). Choose another --out, or repeat the earlier settings ({config}) to resume it.");
            }
        }
        else if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any())
        {
            throw new ConfigException($"{path} is not empty and holds no run (no {ConfigFile}). Choose another --out: nothing in it is overwritten.");
        }
        else
        {
            Directory.CreateDirectory(path);
            AtomicFile.WriteText(config, resolvedConfig);
        }

        return new RunFolder(path);
    }

    /// <summary>Writes the finished model: whole or not at all, so that <see cref="IsFinished"/> is true of whole ones only.</summary>
    /// <param name="save">Writes it into the directory it is given.</param>
    public void Finish(Action<string> save)
    {
        string partial = Model + ".partial";
        if (Directory.Exists(partial))
        {
            Directory.Delete(partial, recursive: true);
        }

        save(partial);
        Directory.Move(partial, Model);
    }

    /// <summary>The directory of a step's checkpoint.</summary>
    public string Checkpoint(int step) => System.IO.Path.Combine(Path, "checkpoints", $"step-{step:D6}");

    /// <summary>The steps that have a complete checkpoint, first to last.</summary>
    public IReadOnlyList<int> CheckpointSteps()
    {
        string directory = System.IO.Path.Combine(Path, "checkpoints");
        return !Directory.Exists(directory)
            ? []
            : [.. Directory.EnumerateDirectories(directory, "step-*")
                .Select(System.IO.Path.GetFileName)
                .Where(name => int.TryParse(name!["step-".Length..], out _))
                .Select(name => int.Parse(name!["step-".Length..], System.Globalization.CultureInfo.InvariantCulture))
                .Order()];
    }

    /// <summary>Adds a line to metrics.jsonl.</summary>
    public void Append(JsonObject metrics) => RunRows.Append(Metrics, [metrics]);

    /// <summary>Drops the metrics and samples after a step, which a resumed run writes again, and a line that a killed run left half written.</summary>
    public void KeepStepsUpTo(int steps)
    {
        foreach (string file in new[] { Metrics, Samples }.Where(File.Exists))
        {
            JsonLines.Write(file, RunRows.Read(file).Where(row => row["step"]?.GetValue<int>() <= steps));
        }
    }

    private static string FirstDifference(string earlier, string now)
    {
        foreach ((string before, string after) in earlier.Split('\n').Zip(now.Split('\n')))
        {
            if (before != after)
            {
                return $"'{before.Trim()}' there, '{after.Trim()}' now";
            }
        }

        return "one has more settings";
    }
}
