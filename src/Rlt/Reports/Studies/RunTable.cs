using System.Text;
using System.Text.Json.Nodes;
using Rlt.Evaluation;
using Rlt.Runs;
using Rlt.Studies;
using Rlt.Studies.Sources;

namespace Rlt.Reports.Studies;

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
            foreach (StudyArm arm in study.Sections[i].Arms)
            {
                // A run that serves for several seeds stands once.
                foreach (IGrouping<(string, string?, string?), ArmRun> run in arm.Runs.GroupBy(run => (run.Eval.Folder, run.Traces?.Path, run.Teacher?.Folder)))
                {
                    text.Append(Figures.Row([$"{i + 1}", Figures.Cell(arm.Config.Name), string.Join(", ", run.Select(of => of.Seed)), .. Paths(run.First())]));
                }
            }
        }

        return text.Append("\n</details>\n").ToString();
    }

    private static string[] Paths(ArmRun run)
    {
        string config = Path.Combine(run.Eval.Folder, RunFolder.ConfigFile);
        JsonObject summary = run.Eval.Summary;
        return
        [
            Code(File.Exists(config) ? config : Path.Combine(run.Eval.Folder, Evaluator.SummaryName)),
            Code(summary["model"]?.ToString()), summary["temperature"]?.ToString() ?? "–", summary["samples"]?.ToString() ?? "–",
            Code(run.Traces?.Path), Code(run.Teacher?.Folder),
        ];
    }

    private static string Code(string? path) => path is null ? "–" : $"`{Figures.Cell(path)}`";
}
