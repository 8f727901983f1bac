using System.Text;
using Rlt.Configuration;
using Rlt.Data;
using Rlt.Evaluation;
using Rlt.Teaching;
using Rlt.Training.Sft;

namespace Rlt.Tests.Hostile;

/// <summary>A config file of a record.</summary>
internal sealed class ConfigReader<T>(string path) : HostileReader
    where T : class
{
    public override IReadOnlyDictionary<string, byte[]> Files { get; } = new Dictionary<string, byte[]> { ["config.yaml"] = File.ReadAllBytes(path) };

    public override string ToString() => $"ConfigReader {typeof(T).Name}";

    public override void Prepare(string directory)
    {
        foreach (string sibling in Directory.EnumerateFiles(Path.GetDirectoryName(path)!, "*.yaml"))
        {
            File.Copy(sibling, Path.Combine(directory, Path.GetFileName(sibling)));
        }
    }

    public override void Read(string directory) => ConfigLoader.Load<T>(Path.Combine(directory, "config.yaml"), []);
}

/// <summary>A data file, by every command that reads data.</summary>
internal sealed class DataReader(string name, string content) : HostileReader
{
    public override IReadOnlyDictionary<string, byte[]> Files { get; } = new Dictionary<string, byte[]> { [name] = Encoding.UTF8.GetBytes(content) };

    public override string ToString() => $"DataReader {name}";

    public override void Read(string directory)
    {
        var source = new DataSource(Path.Combine(directory, name)) { MaxBadRows = 1 };
        Each(() => TeachingRows.Read(source, TinyDirectory.Format, needsExplanation: true));
        Each(() => Evaluator.Read(source));
        Each(() => SftExample.Read(source, SftTarget.Text, null));
        JsonLines.Write(Path.Combine(directory, "copy.jsonl"), RowFile.Read(source.Path).Select(row => row.Fields));

        static void Each(Action read)
        {
            try
            {
                read();
            }
            catch (RltException)
            {
                // The next reader has the file as well.
            }
        }
    }
}
