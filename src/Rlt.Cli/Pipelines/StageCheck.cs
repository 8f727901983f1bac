using Rlt.Configuration;
using Rlt.Configuration.Pipelines;
using Rlt.Configuration.Resuming;
using Rlt.Data;
using Rlt.Evaluation;
using Rlt.Evaluation.Questions;
using Rlt.Models;
using Rlt.Teaching;
using Rlt.Teaching.Collection;
using Rlt.Training;
using Rlt.Training.OnPolicy;
using Rlt.Training.Sft;
using Rlt.Training.Solver;
using Rlt.Training.Teacher;

namespace Rlt.Cli.Pipelines;

/// <summary>Checks of a stage's inputs, as far as they are there before the stages that make them have run.</summary>
internal static class StageCheck
{
    /// <summary>Looks at everything that the stage reads.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="folder">The pipeline's folder; what is in a stage's folder there may not be there yet.</param>
    /// <param name="names">The names of all stages.</param>
    /// <returns>What is wrong, each with the stage and, where one is to blame, the setting.</returns>
    public static IEnumerable<string> Problems(PipelineStage stage, string folder, IReadOnlyList<string> names)
    {
        string[] made = [.. names.Select(name => Path.GetFullPath(Path.Combine(folder, name)) + Path.DirectorySeparatorChar)];
        bool IsLater(string path) => made.Any(start => Path.GetFullPath(path).StartsWith(start, StringComparison.Ordinal));
        string[] unknown = Unusable(() => stage = stage with { Config = HubConfig.Located(stage.Config, IsLater) });
        ConfigInput[] read = [.. ConfigInput.Of(stage.Config).Where(input => !(input.Key == "model" && stage.Config is EvalConfig { Server.Url: not null }))];
        ILookup<bool, ConfigInput> later = read.ToLookup(input => IsLater(input.Path));
        string[] absent = [.. later[false].Where(input => input.Kind != PathKind.FileOrName && !File.Exists(input.Path) && !Directory.Exists(input.Path))
            .Select(input => $"{input.Key} is '{input.Path}', which does not exist; expected a {(input.Kind == PathKind.Model ? "model directory" : "file")}, "
                + "relative to the file that names it, or stage:NAME")];
        IEnumerable<string> found = unknown.Length > 0 ? unknown
            : absent.Length > 0 ? absent
            : Unusable(() => Read(stage, later[false].ToDictionary(input => input.Key, input => input.Path)));
        return found.Select(problem => $"stage '{stage.Name}': {problem}");
    }

    private static string[] Unusable(Action read)
    {
        try
        {
            read();
            return [];
        }
        catch (RltException error)
        {
            return [error.Message];
        }
    }

    private static void Read(PipelineStage stage, Dictionary<string, string> there)
    {
        Func<DataSource, int> rows = RowsOf(stage);
        if (there.TryGetValue("model", out string? model))
        {
            _ = ModelText.Load(model);
        }

        DataSource?[] sources =
            [there.ContainsKey("data") ? Source(stage.Config) : null, there.ContainsKey("validate.data") ? (stage.Config as TrainingConfig)?.HeldOut : null];
        foreach (DataSource source in sources.OfType<DataSource>())
        {
            _ = rows(source);
        }
    }

    private static DataSource? Source(DataRunConfig config) => config switch
    {
        SftConfig sft => sft.Source,
        Training.Grpo.GrpoConfig grpo => grpo.Source,
        CollectConfig collect => collect.Source,
        EvalConfig { Data: not null } eval => eval.Source,
        _ => null,
    };

    // Reads the data of a command as it does itself, and looks at its format or benchmark.
    private static Func<DataSource, int> RowsOf(PipelineStage stage)
    {
        switch (stage.Config)
        {
            case DistillConfig { Method: DistillMethod.Opd } distill:
                var asked = PromptFormat.Load(distill.Format!);
                return source => OnPolicyTasks.Read(source, asked, distill.OnPolicy).LeftOut;
            case SftConfig sft:
                SftTarget target = sft.Target ?? (stage.Command == "warmup" ? SftTarget.Teacher : SftTarget.Student);
                PromptFormat? tags = Commands.Training.SftCommand.Tags(stage.Command, sft with { Target = target });
                return source => SftExample.Read(source, target, tags).LeftOut;
            case TeacherConfig teacher:
                var format = PromptFormat.Load(teacher.Format);
                return source => TeachingRows.Read(source, format, needsExplanation: false).LeftOut;
            case CollectConfig collect:
                // Without a format of its own it has that of a teacher, who may not be trained yet.
                PromptFormat? of = collect.Format is null ? null : PromptFormat.Load(collect.Format);
                return source => of is null ? 0 : TeachingRows.Read(source, of, needsExplanation: false).LeftOut;
            default:
                var benchmark = BenchmarkDefinition.Load(stage.Config is SolverConfig solver ? solver.Benchmark : ((EvalConfig)stage.Config).Benchmark);
                return source => Evaluator.Read(source, benchmark).LeftOut;
        }
    }
}
