using Rlt.Configuration;
using Rlt.Configuration.Pipelines;
using Rlt.Files;
using Rlt.Runs;

namespace Rlt.Cli.Pipelines;

/// <summary>What an earlier run of a pipeline has left of a stage.</summary>
internal static class StageState
{
    // Beside the stages' folders, which are the commands' own.
    private const string Folder = ".stages";

    /// <summary>Whether the stage was done with the same settings and inputs. Its folder is set aside where they may not be other than before.</summary>
    /// <param name="stage">The stage; those whose output it takes are done.</param>
    /// <param name="said">Is told where the folder is set aside, and why.</param>
    /// <exception cref="DataException">The folder's run.json is damaged.</exception>
    public static bool IsDone(PipelineStage stage, Action<string> said)
    {
        string folder = stage.Config.Out, notes = Notes(stage);
        if (!File.Exists(Path.Combine(folder, RunFolder.ConfigFile)) || Earlier(stage, notes) is not { } earlier)
        {
            return false;
        }

        var check = ResumeCheck.Of(folder, earlier, stage.Config, ResumeCheck.Inputs(stage.Config));
        if (check.Refused.Count > 0)
        {
            string aside = Enumerable.Range(1, int.MaxValue).Select(number => $"{folder}.{number}").First(path => !Directory.Exists(path));
            Directory.Move(folder, aside);
            said($"{stage.Name}: is made anew, since these have changed: {string.Join("; ", check.Refused)}. What was made before is kept as {aside}");
            return false;
        }

        return check.Changed.Count == 0 && RunRecord.HasEnded(folder);
    }

    /// <summary>Notes what the stage is made with.</summary>
    public static void Begin(PipelineStage stage)
    {
        string notes = Notes(stage);
        Directory.CreateDirectory(Path.GetDirectoryName(notes)!);
        AtomicFile.WriteText(notes, ConfigWriter.ToYaml((object)stage.Config));
    }

    // Notes that cannot be read tell nothing: the command itself compares again.
    private static DataRunConfig? Earlier(PipelineStage stage, string notes)
    {
        try
        {
            return File.Exists(notes) ? (DataRunConfig)ConfigLoader.Load(stage.Config.GetType(), notes) : null;
        }
        catch (ConfigException)
        {
            return null;
        }
    }

    private static string Notes(PipelineStage stage) =>
        Path.Combine(Path.GetDirectoryName(Path.GetFullPath(stage.Config.Out))!, Folder, stage.Name, RunFolder.ConfigFile);
}
