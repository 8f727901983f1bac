using System.Globalization;
using System.Text.Json.Nodes;

namespace Rlt.Runs.TensorBoard;

/// <summary>Writes a run's metrics for TensorBoard: <c>events.out.tfevents.*</c> in the run's directory, one scalar a metric and step.</summary>
/// <remarks>
/// A resumed run takes the steps after its checkpoint out of the earlier files and goes on in a file of its own, so that each step is
/// there once; a TensorBoard that is already showing the run is told to forget them.
/// </remarks>
public sealed class EventFile : IDisposable
{
    private const string Prefix = "events.out.tfevents.";
    private readonly FileStream _stream;
    private readonly TimeProvider _clock;

    private EventFile(FileStream stream, TimeProvider clock) => (_stream, _clock) = (stream, clock);

    private double Now => (_clock.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds;

    /// <summary>Begins a file for the steps after those that are done.</summary>
    /// <param name="directory">The run's directory.</param>
    /// <param name="done">Steps that a checkpoint holds; what is written of later ones is dropped.</param>
    /// <param name="clock">Stamps names and events.</param>
    public static EventFile Open(string directory, int done, TimeProvider clock)
    {
        foreach (string file in Directory.EnumerateFiles(directory, Prefix + "*").ToArray())
        {
            KeepStepsUpTo(file, done);
        }

        // TensorBoard reads a directory's files in the order of their names.
        string name = string.Create(CultureInfo.InvariantCulture,
            $"{Prefix}{clock.GetUtcNow().ToUnixTimeSeconds():D10}.{Environment.MachineName}.{Environment.ProcessId}.{done}");
        var events = new EventFile(new FileStream(Path.Combine(directory, name), FileMode.Create, FileAccess.Write, FileShare.ReadWrite), clock);
        events.Append(EventMessage.FileVersion(events.Now));
        events.Append(EventMessage.SessionStart(events.Now, done + 1));
        return events;
    }

    /// <summary>Adds a step's metrics: every number of it but the step itself.</summary>
    public void Write(JsonObject metrics)
    {
        long step = (long)Metrics.Number(metrics["step"]!);
        Append(EventMessage.Scalars(Now, step, Metrics.Numbers(metrics).Where(metric => metric.Name != "step")
            .Select(metric => ($"{Metrics.Group(metric.Name)}/{metric.Name}", metric.Value))));
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private void Append(byte[] message)
    {
        _stream.Write(TfRecord.Frame(message));
        _stream.Flush();
    }

    private static void KeepStepsUpTo(string file, int done)
    {
        int end = 0;
        bool holdsSteps = false;
        foreach ((int recordEnd, ReadOnlyMemory<byte> content) in TfRecord.Read(File.ReadAllBytes(file)))
        {
            long step = EventMessage.Step(content.Span);
            if (step > done)
            {
                break;
            }

            end = recordEnd;
            holdsSteps |= step > 0;
        }

        if (!holdsSteps)
        {
            File.Delete(file);
            return;
        }

        using var stream = new FileStream(file, FileMode.Open, FileAccess.Write);
        stream.SetLength(end);
    }
}
