using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rlt.Files;

namespace Rlt.Runs;

/// <summary>run.json of a run's folder: for every start of the run, its command, program, machine and inputs, and when it ended well.</summary>
public static class RunRecord
{
    /// <summary>The file's name.</summary>
    public const string FileName = "run.json";

    private const string Starts = "starts";
    private const string Ended = "ended";
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The starts, first to last; none where there is no file.</summary>
    /// <exception cref="DataException">The file is damaged.</exception>
    public static IReadOnlyList<JsonObject> Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        return !File.Exists(path) ? []
            : RunRows.ReadObject(path)[Starts] is JsonArray starts && starts.All(start => start is JsonObject)
                ? [.. starts.Select(start => start!.AsObject())]
                : throw new DataException($"{path}: expected an object with 'starts', a list of objects. Delete it: what it told of the run is then unknown.");
    }

    /// <summary>Adds a start.</summary>
    public static void Add(string folder, JsonObject start)
    {
        start[Ended] = null;
        Write(folder, Read(folder).Append(start));
    }

    /// <summary>The last start has ended well.</summary>
    public static void End(string folder)
    {
        if (Read(folder) is [.., var last] starts)
        {
            last[Ended] = Now();
            Write(folder, starts);
        }
    }

    /// <summary>Whether the last start has ended well.</summary>
    public static bool HasEnded(string folder) => Read(folder) is [.., var last] && last[Ended] is not null;

    /// <summary>The time, as the file has it.</summary>
    public static string Now() => DateTimeOffset.Now.ToString("yyyy-MM-ddTHH:mm:sszzz", System.Globalization.CultureInfo.InvariantCulture);

    private static void Write(string folder, IEnumerable<JsonObject> starts) => AtomicFile.WriteText(
        Path.Combine(folder, FileName), new JsonObject { [Starts] = new JsonArray([.. starts.Select(start => start.DeepClone())]) }.ToJsonString(Readable) + "\n");
}
