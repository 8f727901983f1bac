using System.Text.Json.Nodes;
using Rlt.Files;

namespace Rlt.Runs;

/// <summary>Rows that a run writes block by block, with a line of metrics.jsonl after each; a run that goes on does so after the last whole block.</summary>
/// <remarks>
/// The last bits of a sample's numbers can depend on what is computed beside it, so a block is done whole or done again: then a
/// killed run ends with the same bytes as one that was not.
/// </remarks>
public sealed class BlockRows
{
    private readonly RunFolder _folder;

    /// <summary>Drops what an earlier run left after its last whole block.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="name">The name of the rows' file in it.</param>
    /// <exception cref="DataException">The earlier run's files are damaged.</exception>
    public BlockRows(RunFolder folder, string name)
    {
        (_folder, Path) = (folder, System.IO.Path.Combine(folder.Path, name));
        long bytes = 0;
        if (RunRows.Read(folder.Metrics) is [.., JsonObject last])
        {
            Done = (int)RunRows.Count(folder.Metrics, last, "step", int.MaxValue);
            bytes = RunRows.Count(folder.Metrics, last, "bytes");
        }

        Cut(bytes);
        folder.KeepStepsUpTo(Done);
    }

    /// <summary>The rows' file.</summary>
    public string Path { get; }

    /// <summary>Questions that are done.</summary>
    public int Done { get; private set; }

    /// <summary>The rows written so far.</summary>
    /// <exception cref="DataException">A row is damaged.</exception>
    public IReadOnlyList<JsonObject> Read() => RunRows.Read(Path);

    /// <summary>Adds a block.</summary>
    /// <param name="questions">How many questions it is of.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="metrics">Receives the questions done and the file's length, and becomes a line of metrics.jsonl.</param>
    public void Add(int questions, IEnumerable<JsonObject> rows, JsonObject metrics)
    {
        RunRows.Append(Path, rows);
        metrics["step"] = Done + questions;
        metrics["bytes"] = WritingProcess.IsThis ? new FileInfo(Path).Length : 0;
        _folder.Append(metrics);
        Done += questions;
    }

    private void Cut(long bytes)
    {
        if (!WritingProcess.IsThis)
        {
            return;
        }

        using FileStream file = new(Path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        if (file.Length < bytes)
        {
            throw new DataException($"{Path}: the file has {file.Length} bytes, of the {bytes} that {_folder.Metrics} says were written. "
                + "It was changed or cut: choose another --out.");
        }

        file.SetLength(bytes);
        file.Flush(flushToDisk: true);
    }
}
