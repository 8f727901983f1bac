using System.CommandLine;
using System.Text.Json.Nodes;
using Rlt.Configuration;
using Rlt.Data;
using Rlt.Models;
using Rlt.Teaching;
using Rlt.Teaching.Rewards;

namespace Rlt.Cli.Commands.Tools;

/// <summary><c>rlt score</c>: the RLT reward of any explanations.</summary>
internal static class ScoreCommand
{
    public static Command Create()
    {
        var command = new Command("score", "The RLT reward of rows {question, solution, completion} (or a collected trace's explanation), with each of its parts.");
        Option<string> teacher = SharedOptions.Required("--teacher", "the teacher's model directory");
        Option<string> student = SharedOptions.Required("--student", "the student's model directory");
        Option<string> input = SharedOptions.Required("--input", "a JSONL, JSON or CSV file");
        Option<string> output = SharedOptions.Required("--output", "the JSONL file to write");
        Option<string?> config = SharedOptions.Optional("--config", "a YAML file of reward settings (configs/rewards/); the paper's without it");
        Option<string?> format = SharedOptions.Optional("--format", "a shipped format's name or a format file (configs/formats/); stratos without it. Texts are scored as they stand: pad_plain_text is for data sets");
        var budget = new Option<int>("--token-budget") { Description = "padded tokens in one pass", DefaultValueFactory = _ => 16384 };
        var details = new Option<bool>("--details") { Description = "add per-token log-probabilities and spans" };
        foreach (Option option in new Option[] { teacher, student, input, output, config, format, budget, details })
        {
            command.Options.Add(option);
        }

        var device = new DeviceOptions(command);
        command.SetAction(parsed =>
        {
            RewardOptions reward = parsed.GetValue(config) is { } file ? ConfigLoader.Load<RewardOptions>(file, []) : new RewardOptions();
            // Texts that a run has written have their padding already; others are scored as they stand, as the original does.
            PromptFormat tags = FormatFile.Load(parsed.GetValue(format) ?? FormatFile.Default) with { PadPlainText = false };
            JsonRow[] rows = [.. RowFile.Read(parsed.GetValue(input)!)];
            DeviceConfig where = device.Resolve(parsed);
            using LanguageModel teacherModel = Startup.Load(parsed.GetValue(teacher)!, where);
            using LanguageModel studentModel = Startup.Load(parsed.GetValue(student)!, where);
            var texts = TeachingFormat.ForTwo(tags, teacherModel.Text, studentModel.Text);
            var scorer = new RewardScorer(teacherModel.Decoder, studentModel.Decoder, reward, parsed.GetValue(budget));
            int failed = Score(rows, texts, teacherModel, studentModel, scorer, parsed.GetValue(details));
            JsonLines.Write(parsed.GetValue(output)!, rows.Select(row => row.Fields));
            if (failed > 0)
            {
                Console.Error.WriteLine($"rlt: {failed} of {rows.Length} rows could not be scored; their 'error' says why");
            }
        });
        return command;
    }

    private static int Score(JsonRow[] rows, TeachingFormat format, LanguageModel teacher, LanguageModel student, RewardScorer scorer, bool details)
    {
        var cases = new List<(JsonRow Row, TeachingTask Task, string Completion, TeachingCase Case)>();
        foreach (JsonRow row in rows)
        {
            try
            {
                TeachingTask task = TeachingRows.Task(row, format.Format, needsExplanation: false);
                string completion = Completion(row, task, format);
                var built = TeachingCase.Build(format, task, completion, teacher.Tokenizer, student.Tokenizer);
                scorer.RequireFits(built);
                cases.Add((row, task, completion, built));
            }
            catch (DataException error)
            {
                row.Fields["error"] = error.Message;
            }
        }

        IReadOnlyList<ScoredCase> scores = scorer.Score([.. cases.Select(scored => scored.Case)]);
        for (int i = 0; i < cases.Count; i++)
        {
            Write(cases[i].Row.Fields, scores[i].Reward);
        }

        if (details)
        {
            AddDetails(cases, scores, format, teacher, student, scorer);
        }

        return rows.Length - cases.Count;
    }

    // A collected trace has the explanation alone; a teacher's completion ends with the closing tag.
    private static string Completion(JsonRow row, TeachingTask task, TeachingFormat format) =>
        row.TextOrNull("completion")
        ?? (task.Explanation is { } explanation ? format.WithoutPadding(explanation) + format.Format.ExplanationClose : row.Text("completion"));

    private static void Write(JsonObject row, Reward reward)
    {
        row["reward"] = reward.Total;
        row["solution_score"] = reward.SolutionScore;
        row["solution_mean"] = reward.SolutionMean;
        row["solution_min"] = reward.SolutionMin;
        row["think_kl"] = reward.ThinkKl;
        row["kl_mean"] = reward.KlMean;
        row["kl_max"] = reward.KlMax;
        row["match"] = reward.Match;
        row["penalty"] = reward.Penalty;
        row["tokens"] = new JsonObject { ["explanation"] = reward.ExplanationTokens, ["solution"] = reward.SolutionTokens };
    }

    private static void AddDetails(
        List<(JsonRow Row, TeachingTask Task, string Completion, TeachingCase Case)> cases, IReadOnlyList<ScoredCase> scores, TeachingFormat format, LanguageModel teacher, LanguageModel student, RewardScorer scorer)
    {
        TeachingCase[] unexplained = [.. cases.Select(scored => TokenDetails.Unexplained(format, scored.Task, teacher.Tokenizer, student.Tokenizer))];
        float[][] without = scorer.Solutions(unexplained);
        for (int i = 0; i < cases.Count; i++)
        {
            TeachingCase built = cases[i].Case;
            var details = new JsonObject
            {
                ["explanation"] = format.Explanation(cases[i].Completion).Explanation,
                ["teacher_ids"] = JsonArrays.Of(built.Teacher.Ids),
                ["student_ids"] = JsonArrays.Of(built.Student.Ids),
                ["teacher_explanation_tokens"] = JsonArrays.Of(Places(built.Teacher, built.Teacher.Mask!)),
                ["student_explanation_tokens"] = JsonArrays.Of(Places(built.Student, built.Thinks)),
                ["student_solution_tokens"] = JsonArrays.Of(Places(built.Student, built.Solves)),
            };
            TokenDetails.AddTo(details, built, scores[i], unexplained[i], without[i]);
            cases[i].Row.Fields["details"] = details;
        }
    }

    private static IEnumerable<int> Places(TokenSequence sequence, bool[] marks) =>
        Enumerable.Range(0, marks.Length).Where(i => marks[i]).Select(i => sequence.From + i);
}
