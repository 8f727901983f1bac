using System.Text;
using Rlt.Evaluation;
using Rlt.Runs;

namespace Rlt.Studies.Reports;

/// <summary>Where every figure comes from: the runs by arm and seed, folded.</summary>
internal static class RunTable
{
    /// <summary>The table.</summary>
    public static string Markdown(Study study)
    {
        var text = new StringBuilder("\n<details><summary>The runs</summary>\n\n");
        text.Append(Figures.Head(["section", "arm", "seed", "eval", "model", "temperature", "samples", "traces", "teacher"]));
        for (int i = 0; i < study.Sections.Count; i++)
        {
            foreach ((StudyArm arm, ArmRun run) in study.Sections[i].Arms.SelectMany(arm => arm.Runs.Select(run => (arm, run))))
            {
                string config = Path.Combine(run.Eval.Folder, RunFolder.ConfigFile);
                text.Append(Figures.Row(
                [
                    $"{i + 1}", Figures.Cell(arm.Config.Name), $"{run.Seed}", Code(File.Exists(config) ? config : Path.Combine(run.Eval.Folder, Evaluator.SummaryName)),
                    Code(run.Eval.Summary["model"]?.ToString()), run.Eval.Summary["temperature"]?.ToString() ?? "–", run.Eval.Summary["samples"]?.ToString() ?? "–", Code(run.Traces?.Path), Code(run.Teacher?.Folder),
                ]));
            }
        }

        return text.Append("\n</details>\n").ToString();
    }

    private static string Code(string? path) => path is null ? "–" : $"`{Figures.Cell(path)}`";
}
