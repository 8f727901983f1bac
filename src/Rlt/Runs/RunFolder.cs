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
    private readonly JsonObject? _start;
    private readonly bool _created;
    private readonly RunLock? _lock;
    private bool _begun;
    private bool _disposed;

    private RunFolder(string path, string resolvedConfig, JsonObject? start)
    {
        (Path, _resolvedConfig, _start, _created) = (path, resolvedConfig, start, !Directory.Exists(path));
        Directory.CreateDirectory(path);
        _lock = WritingProcess.IsThis ? RunLock.Take(In(LockFile), path) : null;
        _begun = File.Exists(In(ConfigFile));
    }

    /// <summary>The directory.</summary>
    public string Path { get; }

    /// <summary>What is other than in the earlier parts of a run that goes on.</summary>
    public ResumeNotes Notes { get; private set; } = new([], []);

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

    /// <summary>Opens a run: a new directory, or one whose earlier run goes on. It is locked until it is disposed.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="resolvedConfig">The config as YAML, defaults included.</param>
    /// <param name="start">What <see cref="RunRecord"/> keeps of this start; null: nothing.</param>
    /// <param name="goesOn">Is asked whether an earlier run may go on so, and refuses that by a <see cref="ConfigException"/>; null: it may.</param>
    /// <exception cref="ConfigException">The directory holds a run that may not go on so, or other files, is in use, or cannot be written.</exception>
    public static RunFolder Open(string path, string resolvedConfig, JsonObject? start = null, Func<RunFolder, ResumeNotes>? goesOn = null)
    {
        RunFolder? folder = null;
        try
        {
            RefuseOtherFiles(path);
            folder = new RunFolder(path, resolvedConfig, start);
            folder.Notes = folder._begun && goesOn is not null ? goesOn(folder) : folder.Notes;
            folder.RequireWritable();
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
            if (!_begun || File.ReadAllText(In(ConfigFile)) != _resolvedConfig)
            {
                AtomicFile.WriteText(In(ConfigFile), _resolvedConfig);
                _begun = true;
            }

            if (_start is not null)
            {
                RunRecord.Add(Path, _start);
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

    /// <summary>The steps of the finished model or, where there is none, of the newest checkpoint.</summary>
    public int StepsKept() => IsFinished
        ? RunRows.Read(Metrics) is [.., var last] ? (int)RunRows.Count(Metrics, last, "step", int.MaxValue) : 0
        : CheckpointSteps() is [.., var step] ? step : 0;

    /// <summary>Whether nothing is left to do: the finished model is there, after as many steps.</summary>
    /// <param name="steps">Steps of the whole run.</param>
    /// <param name="said">Is told where a model of fewer steps was set aside, so that the run goes on to more.</param>
    /// <exception cref="ConfigException">More steps were taken.</exception>
    public bool IsFinishedAfter(int steps, Action<string> said)
    {
        int done = StepsKept();
        if (done > steps)
        {
            throw new ConfigException($"{Path} holds a run that has taken {done} steps, and {steps} are asked for. Set {done} or more, or choose another --out.");
        }

        if (!IsFinished || done == steps)
        {
            return IsFinished;
        }

        string kept = $"{Model}-{done}";
        AtomicDirectory.Remove(kept);
        if (WritingProcess.IsThis)
        {
            Directory.Move(Model, kept);
        }

        said($"the run was finished after {done} steps and goes on to {steps}; the model of {done} steps is kept as {kept}");
        return false;
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
        _lock?.Dispose();
        if (!_begun && WritingProcess.IsThis)
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

    private void RequireWritable()
    {
        if (!WritingProcess.IsThis)
        {
            return;
        }

        // The lock's file may be writable in a folder that is not.
        using FileStream probe = new(In(ProbeFile), FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose);
    }

    private string In(string name) => System.IO.Path.Combine(Path, name);
}

/// <summary>What is other when a run goes on.</summary>
/// <param name="Said">What the user should read of it.</param>
/// <param name="Warnings">What the user should be warned of.</param>
public sealed record ResumeNotes(IReadOnlyList<string> Said, IReadOnlyList<string> Warnings);
