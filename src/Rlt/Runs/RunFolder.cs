using System.Globalization;
using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Files;

namespace Rlt.Runs;

/// <summary>A run's directory: the resolved config, metrics.jsonl, checkpoints, and the finished model. One process at a time has it.</summary>
/// <remarks>
/// Opened before models are loaded, so that a folder that cannot be used is told of at once; nothing stays in it until <see cref="Begin"/>.
/// </remarks>
public sealed class RunFolder : IDisposable
{
    /// <summary>The file of the resolved config in a run's directory.</summary>
    public const string ConfigFile = "config.yaml";

    /// <summary>The file of the steps' figures.</summary>
    public const string MetricsFile = "metrics.jsonl";
    private const string LockFile = ".lock";
    private const string ProbeFile = ".probe.partial";

    // What a process that was killed before it began may have left.
    private static readonly string[] Traces = [LockFile, ProbeFile, ConfigFile + ".partial"];

    private readonly string _resolvedConfig;
    private readonly bool _created;
    private readonly RunLock _lock;
    private bool _begun;
    private bool _disposed;

    private RunFolder(string path, string resolvedConfig)
    {
        (Path, _resolvedConfig, _created) = (path, resolvedConfig, !Directory.Exists(path));
        Directory.CreateDirectory(path);
        _lock = RunLock.Take(In(LockFile), path);
        _begun = File.Exists(In(ConfigFile));
    }

    /// <summary>The directory.</summary>
    public string Path { get; }

    /// <summary>Where the finished model is written.</summary>
    public string Model => In("model");

    /// <summary>One JSON object a step.</summary>
    public string Metrics => In(MetricsFile);

    /// <summary>Texts that the run sampled, each with its step; not every run has them.</summary>
    public string Samples => In("samples.jsonl");

    /// <summary>Whether the run has ended and its model is whole.</summary>
    public bool IsFinished => Directory.Exists(Model);

    /// <summary>The log file.</summary>
    public string Log => In(RunLog.FileName);

    private string Checkpoints => In("checkpoints");

    /// <summary>Opens a run: a new directory, or one whose earlier run had the same config and goes on. It is locked until it is disposed.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="resolvedConfig">The config as YAML, defaults included.</param>
    /// <param name="withDefaults">Reads a config's file and gives its text with the settings that it lacks; null: the texts are compared as they are.</param>
    /// <exception cref="ConfigException">The directory holds a run of another config, or other files, is in use, or cannot be written.</exception>
    public static RunFolder Open(string path, string resolvedConfig, Func<string, string>? withDefaults = null)
    {
        RunFolder? folder = null;
        try
        {
            RefuseOtherFiles(path);
            folder = new RunFolder(path, resolvedConfig);
            folder.RequireUsable(withDefaults);
            RunFolder opened = folder;
            folder = null;
            return opened;
        }
        catch (Exception error) when (error is UnauthorizedAccessException || (error is IOException failed && !DiskSpace.IsUsedUp(failed)))
        {
            throw new ConfigException(
                $"{path}: the run's folder cannot be written: {error.Message} Choose another --out, or correct the folder's permissions.", error);
        }
        finally
        {
            folder?.Dispose();
        }
    }

    /// <summary>Writes the config, after which the folder is a run's, and removes what a killed process left half done.</summary>
    /// <returns>This folder; it is given back where it cannot be written.</returns>
    public RunFolder Begin()
    {
        try
        {
            if (!_begun)
            {
                AtomicFile.WriteText(In(ConfigFile), _resolvedConfig);
                _begun = true;
            }

            foreach (string directory in new[] { Path, Checkpoints }.Where(Directory.Exists))
            {
                AtomicDirectory.RemoveLeftovers(directory);
            }

            return this;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Writes the finished model: whole or not at all, so that <see cref="IsFinished"/> is true of whole ones only.</summary>
    /// <param name="save">Writes it into the directory it is given.</param>
    public void Finish(Action<string> save) => AtomicDirectory.Write(Model, save);

    /// <summary>The directory of a step's checkpoint.</summary>
    public string Checkpoint(int step) => System.IO.Path.Combine(Checkpoints, $"step-{step:D6}");

    /// <summary>The steps that have a complete checkpoint, first to last.</summary>
    public IReadOnlyList<int> CheckpointSteps() => !Directory.Exists(Checkpoints)
        ? []
        : [.. Directory.EnumerateDirectories(Checkpoints, "step-*")
            .Select(path => System.IO.Path.GetFileName(path)["step-".Length..])
            .Where(digits => digits.All(char.IsAsciiDigit) && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            .Select(digits => int.Parse(digits, CultureInfo.InvariantCulture))
            .Order()];

    /// <summary>Adds a line to metrics.jsonl.</summary>
    public void Append(JsonObject metrics) => RunRows.Append(Metrics, [metrics]);

    /// <summary>Drops the metrics and samples after a step, which a resumed run writes again, and a line that a killed run left half written.</summary>
    public void KeepStepsUpTo(int steps)
    {
        foreach (string file in new[] { Metrics, Samples }.Where(File.Exists))
        {
            JsonLines.Write(file, RunRows.Read(file).Where(row => RunRows.Count(file, row, "step") <= steps));
        }
    }

    /// <summary>Gives the folder back; one that no run began in is left as it was.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _lock.Dispose();
        if (!_begun)
        {
            File.Delete(In(LockFile));
            if (_created && !Directory.EnumerateFileSystemEntries(Path).Any())
            {
                Directory.Delete(Path);
            }
        }
    }

    private static void RefuseOtherFiles(string path)
    {
        if (Directory.Exists(path)
            && !File.Exists(System.IO.Path.Combine(path, ConfigFile))
            && Directory.EnumerateFileSystemEntries(path).Any(entry => !Traces.Contains(System.IO.Path.GetFileName(entry))))
        {
            throw new ConfigException($"{path} is not empty and holds no run (no {ConfigFile}). Choose another --out: nothing in it is overwritten.");
        }
    }

    private void RequireUsable(Func<string, string>? withDefaults)
    {
        if (_begun && File.ReadAllText(In(ConfigFile)) is var earlier && earlier != _resolvedConfig && Renewed(withDefaults, earlier) != _resolvedConfig)
        {
            throw new ConfigException(
                $"{Path} holds a run with another config ({FirstDifference(earlier, _resolvedConfig)}). "
                    + $"Choose another --out, or repeat the earlier settings ({In(ConfigFile)}) to resume it.");
        }

        // The lock's file may be writable in a folder that is not.
        using FileStream probe = new(In(ProbeFile), FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose);
    }

    private string Renewed(Func<string, string>? withDefaults, string earlier)
    {
        try
        {
            return withDefaults?.Invoke(In(ConfigFile)) ?? earlier;
        }
        catch (ConfigException)
        {
            return earlier;
        }
    }

    private string In(string name) => System.IO.Path.Combine(Path, name);

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
